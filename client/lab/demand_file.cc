#include "lab/demand_file.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <map>
#include <memory>
#include <set>

#include "input/csv_reader.h"
#include "input/input_file.h"
#include "journal/frame.h"
#include "journal/reader.h"
#include "lab/trace_file.h"
#include "store/telemetry.h"

namespace shadowd::lab {
namespace {

constexpr std::string_view kSqliteMagic("SQLite format 3\0", 16);
// More than the daemon ever keeps, at one point a second.
constexpr size_t kPointsMax = 4'000'000;
constexpr size_t kNamesShown = 20;
constexpr size_t kTail = 1000;  // points that tell how far the newest are apart

StatusOr<std::string> FirstBytes(const std::string& path) {
  errno = 0;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (file == nullptr) {
    return ErrnoStatus(errno, path);
  }
  std::string bytes(kSqliteMagic.size(), '\0');
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), file.get()));
  return bytes;
}

// The service asked for, or the only one. `there` are those that have demand.
StatusOr<std::string> Choose(const DemandQuestion& question, const std::set<std::string>& there,
                             const char* what) {
  if (there.contains(question.service)) {
    return question.service;
  }
  if (there.empty()) {
    return NotFound("{}: this {} holds no demand of any service", question.path, what);
  }
  if (question.service.empty() && there.size() == 1) {
    return *there.begin();
  }
  std::string names;
  size_t shown = 0;
  for (const std::string& name : there) {
    if (shown++ == kNamesShown) {
      names += fmt::format(" and {} more", there.size() - kNamesShown);
      break;
    }
    names += (names.empty() ? "" : ", ") + input::Shown(name);
  }
  if (question.service.empty()) {
    return InvalidArgument("{}: this {} holds the demand of {} services; choose one with --from-service: {}",
                           question.path, what, there.size(), names);
  }
  return NotFound("{}: this {} holds no demand of a service '{}'; there is that of {}", question.path, what,
                  input::Shown(question.service), names);
}

Status CheckEnough(const DemandQuestion& question, const std::string& service, size_t samples) {
  return samples >= 2
             ? absl::OkStatus()
             : InvalidArgument("{}: it knows the demand of '{}' at {} moment{} only; that is no history",
                               question.path, service, samples, samples == 1 ? "" : "s");
}

using Points = std::vector<std::pair<WallTime, double>>;

// The newest points are as they were recorded; old ones are spread evenly over five minutes.
Micros RecordedStep(const Points& points) {
  std::vector<Micros> distances;
  for (size_t i = points.size() - std::min(points.size(), kTail) + 1; i < points.size(); ++i) {
    distances.push_back(points[i].first - points[i - 1].first);
  }
  if (distances.empty()) {
    return Micros(0);
  }
  const auto middle = distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2);
  std::nth_element(distances.begin(), middle, distances.end());
  return *middle;
}

StatusOr<Demand> DemandOfDatabase(const DemandQuestion& question) {
  SHADOWD_ASSIGN_OR_RETURN(store::Database database, store::OpenTelemetry(question.path));
  SHADOWD_ASSIGN_OR_RETURN(const std::vector<model::ServiceId> services, store::ListDemand(database));
  std::set<std::string> there;
  for (const model::ServiceId& service : services) {
    there.insert(service.str());
  }
  SHADOWD_ASSIGN_OR_RETURN(const std::string service, Choose(question, there, "database"));
  const auto read = [&](Micros step) {
    return store::ReadDemand(database, model::ServiceId(service), WallTime(), step, kPointsMax);
  };
  SHADOWD_ASSIGN_OR_RETURN(Points history, read(question.step));
  // Points of one distance throughout, so that what is missing between two of them is told from a gap.
  if (const Micros step = RecordedStep(history); step > question.step) {
    SHADOWD_ASSIGN_OR_RETURN(history, read(step));
  }
  SHADOWD_RETURN_IF_ERROR(CheckEnough(question, service, history.size()));
  Demand demand{fmt::format("{} of {}", service, input::StemOf(question.path)), {}};
  demand.samples.reserve(history.size());
  for (const auto& [at, rps] : history) {
    demand.samples.push_back({at, rps});
  }
  return demand;
}

// Collects the demand of every service until it is known whose is wanted.
class JournalDemand {
 public:
  void Add(const ports::Event& event) {
    if (const auto* window = std::get_if<ports::ProductionWindow>(&event.payload)) {
      const double seconds = ToSeconds(window->service.length);
      if (seconds > 0) {
        Put(windows_, event.service, window->service.start,
            static_cast<double>(window->service.offered) / seconds);
      }
    } else if (const auto* sample = std::get_if<ports::DemandSample>(&event.payload)) {
      Put(reported_, event.service, sample->at, sample->rps);
    }
  }

  std::set<std::string> Services() const {
    std::set<std::string> names;
    for (const auto* all : {&windows_, &reported_}) {
      for (const auto& [service, moments] : *all) {
        names.insert(service.str());
      }
    }
    return names;
  }

  // Where production was measured, what was measured counts.
  std::vector<sim::TraceSample> Of(const model::ServiceId& service) const {
    const auto measured = windows_.find(service);
    const Moments& moments = measured != windows_.end() ? measured->second : reported_.at(service);
    std::vector<sim::TraceSample> samples;
    samples.reserve(moments.size());
    for (const auto& [at, rps] : moments) {
      samples.push_back({at, rps});
    }
    return samples;
  }

 private:
  using Moments = std::map<WallTime, double>;  // the clock of a journal may have been set back
  using ByService = std::map<model::ServiceId, Moments>;

  static void Put(ByService& all, const model::ServiceId& service, WallTime at, double rps) {
    if (!service.empty()) {
      all[service][at] = rps;
    }
  }

  ByService windows_;
  ByService reported_;
};

// Requests offered to production, window by window, and demand that was reported. A journal that ends in the
// middle of an entry counts up to there.
StatusOr<Demand> DemandOfJournal(std::string_view bytes, const DemandQuestion& question) {
  StatusOr<journal::Reader> reader = journal::Reader::Open(bytes);
  if (!reader.ok()) {
    return Annotate(reader.status(), question.path);
  }
  JournalDemand all;
  while (true) {
    const StatusOr<std::optional<journal::Entry>> entry = reader->Next();
    if (!entry.ok()) {
      return Annotate(entry.status(), question.path);
    }
    if (!entry->has_value()) {
      break;
    }
    if (const auto* step = std::get_if<journal::Step>(&**entry)) {
      all.Add(step->event);
    }
  }
  SHADOWD_ASSIGN_OR_RETURN(const std::string service, Choose(question, all.Services(), "journal"));
  Demand demand{fmt::format("{} of {}", service, input::StemOf(question.path)),
                all.Of(model::ServiceId(service))};
  SHADOWD_RETURN_IF_ERROR(CheckEnough(question, service, demand.samples.size()));
  return demand;
}

// A journal or a CSV.
StatusOr<Demand> DemandOfText(std::string_view text, const DemandQuestion& question) {
  if (text.starts_with(journal::kMagic)) {
    return DemandOfJournal(text, question);
  }
  if (text.starts_with(kSqliteMagic)) {
    return InvalidArgument("{}: a database must be unpacked before it can be read", question.path);
  }
  if (question.path.ends_with(".db")) {
    return InvalidArgument("{}: it is no database of SQLite, or its beginning is damaged", question.path);
  }
  if (!question.service.empty()) {
    return InvalidArgument(
        "{}: --from-service is for the telemetry.db or the journal of a daemon, and this is neither",
        question.path);
  }
  SHADOWD_ASSIGN_OR_RETURN(std::vector<sim::TraceSample> samples,
                           ParseSamples(text, question.path, question.value_column));
  return Demand{input::StemOf(question.path), std::move(samples)};
}

}  // namespace

StatusOr<Demand> ReadDemandFile(const DemandQuestion& question) {
  SHADOWD_ASSIGN_OR_RETURN(const std::string first, FirstBytes(question.path));
  if (first == kSqliteMagic) {
    return DemandOfDatabase(question);
  }
  const StatusOr<std::string> text = input::ReadInput(question.path);
  return text.ok() ? DemandOfText(*text, question) : text.status();
}

}  // namespace shadowd::lab
