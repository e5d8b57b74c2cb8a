#include "kpi/exposition.h"

#include <absl/container/inlined_vector.h>

#include <cctype>
#include <deque>
#include <map>
#include <string>

#include "kpi/number.h"

namespace shadowd::kpi {
namespace {

using model::SeriesKind;

constexpr size_t kLabelsMax = 64;
constexpr std::string_view kStubStatus = "Active connections:";

bool IsNameCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':' || c == '.';
}

struct Line {
  std::string_view metric;
  absl::InlinedVector<Label, 12> labels;
  double value = 0;
};

class Reader {
 public:
  explicit Reader(std::string_view line) : rest_(line) {}

  void Blanks() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t')) {
      rest_.remove_prefix(1);
    }
  }
  std::string_view Name() {
    size_t length = 0;
    while (length < rest_.size() && IsNameCharacter(rest_[length])) {
      ++length;
    }
    const std::string_view name = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return name;
  }
  bool Skip(char c) {
    if (rest_.empty() || rest_.front() != c) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }
  // Up to the closing quote; text with escapes is kept in `unescaped`.
  bool Quoted(std::deque<std::string>& unescaped, std::string_view* value) {
    if (!Skip('"')) {
      return false;
    }
    size_t end = 0;
    bool escapes = false;
    while (end < rest_.size() && rest_[end] != '"') {
      escapes = escapes || rest_[end] == '\\';
      end += rest_[end] == '\\' ? 2 : 1;
    }
    if (end >= rest_.size()) {
      return false;
    }
    *value = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    if (escapes) {
      std::string& plain = unescaped.emplace_back();
      for (size_t i = 0; i < value->size(); ++i) {
        const bool escape = (*value)[i] == '\\';
        i += escape ? 1 : 0;
        plain += escape && (*value)[i] == 'n' ? '\n' : (*value)[i];
      }
      *value = plain;
    }
    return true;
  }
  std::string_view Word() {
    const std::string_view word = rest_.substr(0, rest_.find_first_of(" \t"));
    rest_.remove_prefix(word.size());
    return word;
  }
  bool empty() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

bool ReadLabels(Reader& reader, Line& line, std::deque<std::string>& unescaped) {
  while (!reader.Skip('}')) {
    Label label;
    reader.Blanks();
    label.name = reader.Name();
    reader.Blanks();
    if (label.name.empty() || line.labels.size() == kLabelsMax || !reader.Skip('=')) {
      return false;
    }
    reader.Blanks();
    if (!reader.Quoted(unescaped, &label.value)) {
      return false;
    }
    line.labels.push_back(label);
    reader.Blanks();
    reader.Skip(',');
    reader.Blanks();
  }
  return true;
}

// name{labels} value [time]
bool ReadSample(std::string_view text, Line& line, std::deque<std::string>& unescaped) {
  Reader reader(text);
  line.metric = reader.Name();
  reader.Blanks();
  if (line.metric.empty() || (reader.Skip('{') && !ReadLabels(reader, line, unescaped))) {
    return false;
  }
  reader.Blanks();
  const auto value = ParseDouble(reader.Word());
  if (!value) {
    return false;
  }
  line.value = *value;
  return true;
}

SeriesKind KindOfWord(std::string_view word) {
  return word == "counter" ? SeriesKind::kCounter : word == "gauge" ? SeriesKind::kGauge : SeriesKind::kAuto;
}

// Active connections: 2 / server accepts handled requests / 16 16 31 / Reading: 0 Writing: 1 Waiting: 1
Status ReadStubStatus(std::string_view text, const std::function<void(const SeriesSample&)>& take) {
  const size_t header = text.find("requests");
  const size_t numbers = header == std::string_view::npos ? header : text.find_first_of("0123456789", header);
  if (numbers == std::string_view::npos) {
    return InvalidArgument("a stub_status page without its counts");
  }
  Reader reader(text.substr(numbers, text.find('\n', numbers) - numbers));
  std::optional<double> requests;
  for (int i = 0; i < 3; ++i) {
    std::string_view word = reader.Word();
    while (word.ends_with('\r')) {
      word.remove_suffix(1);
    }
    requests = ParseDouble(word);
    reader.Blanks();
  }
  if (!requests) {
    return InvalidArgument("a stub_status page without its counts");
  }
  SeriesSample sample;
  sample.metric = "nginx_http_requests_total";
  sample.hint = SeriesKind::kCounter;
  sample.value = *requests;
  take(sample);
  return absl::OkStatus();
}

}  // namespace

Status ReadExposition(std::string_view text, size_t samples_max,
                      const std::function<void(const SeriesSample&)>& take) {
  if (text.starts_with(kStubStatus)) {
    return ReadStubStatus(text, take);
  }
  std::map<std::string_view, SeriesKind> kinds;
  size_t samples = 0;
  for (int number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.ends_with('\r')) {
      line.remove_suffix(1);
    }
    if (line.starts_with("# TYPE ")) {
      Reader reader(line.substr(7));
      const std::string_view metric = reader.Word();
      reader.Blanks();
      kinds[metric] = KindOfWord(reader.Word());
    }
    if (line.empty() || line.front() == '#') {
      continue;
    }
    Line parsed;
    std::deque<std::string> unescaped;
    if (!ReadSample(line, parsed, unescaped)) {
      return WithReason(InvalidArgument("line {}: not a sample: {}", number, Excerpt(line)), "NO_EXPOSITION");
    }
    if (++samples > samples_max) {
      return WithReason(ResourceExhausted("line {}: more than {} samples", number, samples_max),
                        "TOO_MANY_SAMPLES");
    }
    SeriesSample sample;
    sample.metric = parsed.metric;
    sample.labels = parsed.labels;
    sample.value = parsed.value;
    const auto kind = kinds.find(parsed.metric);
    sample.hint = kind == kinds.end() ? SeriesKind::kAuto : kind->second;
    take(sample);
  }
  return absl::OkStatus();
}

}  // namespace shadowd::kpi
