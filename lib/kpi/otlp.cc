#include "kpi/otlp.h"

#include <cmath>
#include <deque>
#include <limits>
#include <vector>

#include "kpi/wire.h"

namespace shadowd::kpi {
namespace {

using model::SeriesKind;

constexpr size_t kBucketsMax = 1024;
constexpr size_t kAttributesMax = 128;
constexpr uint64_t kDelta = 1;
constexpr uint64_t kNanosMax = uint64_t{1} << 62;
constexpr uint64_t kNoRecordedValue = 1;  // of flags

// The attributes of a point and of its resource, with the text of those that are no strings.
struct Attributes {
  std::vector<Label> labels;
  std::deque<std::string> texts;
};

// string 1, bool 2, int 3, double 4; lists and bytes name no service.
std::string_view ReadValue(WireReader reader, std::deque<std::string>& texts) {
  std::string_view value;
  while (reader.Next()) {
    switch (reader.field()) {
      case 1:
        value = reader.bytes();
        break;
      case 2:
        value = reader.varint() != 0 ? "true" : "false";
        break;
      case 3:
        value = texts.emplace_back(fmt::format("{}", static_cast<int64_t>(reader.varint())));
        break;
      case 4:
        value = texts.emplace_back(fmt::format("{}", reader.real()));
        break;
      default:
        break;
    }
  }
  return value;
}

void ReadAttribute(WireReader reader, Attributes& attributes) {
  Label label;
  while (reader.Next()) {
    if (reader.field() == 1) {
      label.name = reader.bytes();
    } else if (reader.field() == 2) {
      label.value = ReadValue(WireReader(reader.bytes()), attributes.texts);
    }
  }
  if (!label.name.empty() && attributes.labels.size() < kAttributesMax) {
    attributes.labels.push_back(label);
  }
}

// The fields that points of all kinds are made of; numbers differ from kind to kind.
struct PointFields {
  uint32_t attributes, start, time, flags;
};
constexpr PointFields kNumber{7, 2, 3, 8};
constexpr PointFields kHistogram{9, 2, 3, 10};
constexpr PointFields kExponential{1, 2, 3, 10};
constexpr PointFields kSummary{7, 2, 3, 8};

WallTime FromNanos(uint64_t nanos) {
  return WallFromMicros(static_cast<int64_t>(std::min(nanos, kNanosMax) / 1'000));
}

class Reader {
 public:
  explicit Reader(SampleTaker& taker) : taker_(taker) {}

  bool Request(WireReader reader) {
    while (ok_ && reader.Next()) {
      if (reader.field() == 1) {
        ResourceMetrics(reader.bytes());
      }
    }
    return ok_ && reader.ok();
  }

 private:
  void ResourceMetrics(std::string_view bytes) {
    resource_ = {};
    WireReader head(bytes);
    while (head.Next()) {
      if (head.field() == 1) {
        WireReader resource(head.bytes());
        while (resource.Next()) {
          if (resource.field() == 1) {
            ReadAttribute(WireReader(resource.bytes()), resource_);
          }
        }
      }
    }
    WireReader reader(bytes);
    while (reader.Next()) {
      if (reader.field() == 2) {
        WireReader scope(reader.bytes());
        while (scope.Next()) {
          if (scope.field() == 2) {
            Metric(scope.bytes());
          }
        }
        ok_ = ok_ && scope.ok();
      }
    }
    ok_ = ok_ && reader.ok();
  }

  void Metric(std::string_view bytes) {
    metric_ = {};
    WireReader head(bytes);
    while (head.Next()) {
      if (head.field() == 1) {
        metric_ = head.bytes();
      }
    }
    WireReader reader(bytes);
    while (reader.Next()) {
      const uint32_t kind = reader.field();
      if (kind == 5 || kind == 7 || (kind >= 9 && kind <= 11)) {
        Data(kind, reader.bytes());
      }
    }
    ok_ = ok_ && reader.ok();
  }

  // Temporality and monotony come behind the points: the data are walked twice.
  void Data(uint32_t kind, std::string_view bytes) {
    uint64_t temporality = 0;
    bool monotonic = false;
    WireReader head(bytes);
    while (head.Next()) {
      temporality = head.field() == 2 ? head.varint() : temporality;
      monotonic = head.field() == 3 ? head.varint() != 0 : monotonic;
    }
    delta_ = temporality == kDelta;
    WireReader reader(bytes);
    while (reader.Next()) {
      if (reader.field() != 1) {
        continue;
      }
      if (kind == 5 || kind == 7) {
        Number(reader.bytes(), kind == 7 && monotonic, kind == 7 && !monotonic && delta_);
      } else if (kind == 9) {
        Histogram(reader.bytes());
      } else if (kind == 10) {
        Exponential(reader.bytes());
      } else {
        Summary(reader.bytes());
      }
    }
    ok_ = ok_ && reader.ok();
  }

  // Attributes, times and flags of a point; false where it has no recorded value.
  bool Head(std::string_view bytes, const PointFields& fields) {
    point_ = {};
    start_ = at_ = WallTime();
    uint64_t flags = 0;
    WireReader reader(bytes);
    while (reader.Next()) {
      if (reader.field() == fields.attributes) {
        ReadAttribute(WireReader(reader.bytes()), point_);
      } else if (reader.field() == fields.start) {
        start_ = FromNanos(reader.fixed64());
      } else if (reader.field() == fields.time) {
        at_ = FromNanos(reader.fixed64());
      } else if (reader.field() == fields.flags) {
        flags = reader.varint();
      }
    }
    ok_ = ok_ && reader.ok();
    point_.labels.insert(point_.labels.end(), resource_.labels.begin(), resource_.labels.end());
    return (flags & kNoRecordedValue) == 0;
  }

  void Number(std::string_view bytes, bool counter, bool delta_of_gauge) {
    SeriesSample sample;
    const bool recorded = Head(bytes, kNumber);
    WireReader reader(bytes);
    while (reader.Next()) {
      if (reader.field() == 4) {
        sample.value = reader.real();
      } else if (reader.field() == 6) {
        sample.value = static_cast<double>(static_cast<int64_t>(reader.fixed64()));
      }
    }
    if (delta_of_gauge) {
      return taker_.Refuse(
          "differences of a sum that may fall tell nothing by themselves: export it as cumulative");
    }
    sample.value = recorded ? sample.value : std::nan("");
    sample.hint = counter ? SeriesKind::kCounter : SeriesKind::kGauge;
    sample.delta = counter && delta_;
    Give(sample, metric_);
  }

  void Give(SeriesSample& sample, std::string_view metric) {
    sample.metric = metric;
    sample.labels = point_.labels;
    sample.at = at_;
    sample.start = sample.hint == SeriesKind::kCounter ? start_ : WallTime();
    taker_.Take(sample);
  }

  void Give(HistogramSample& sample) {
    sample.metric = metric_;
    sample.labels = point_.labels;
    sample.at = at_;
    sample.start = start_;
    sample.delta = delta_;
    taker_.Take(sample);
  }

  // n bounds, n + 1 counts; packed or one by one. Without bounds all values are in one bucket.
  void Histogram(std::string_view bytes) {
    if (!Head(bytes, kHistogram)) {
      return;
    }
    HistogramSample sample;
    uint64_t count = 0;
    WireReader reader(bytes);
    while (reader.Next()) {
      const bool counts = reader.field() == 6;
      if (reader.field() == 4) {
        count = reader.fixed64();
      } else if (counts || reader.field() == 7) {
        WireReader packed(reader.bytes());
        uint64_t number = reader.fixed64();
        bool more = reader.type() == WireReader::Type::kFixed64 || packed.NextFixed64(&number);
        for (; more && sample.counts.size() + sample.uppers.size() <= 2 * kBucketsMax;
             more = packed.NextFixed64(&number)) {
          counts ? sample.counts.push_back(static_cast<double>(number))
                 : sample.uppers.push_back(std::bit_cast<double>(number));
        }
        ok_ = ok_ && packed.ok();
      }
    }
    sample.uppers.push_back(std::numeric_limits<double>::infinity());
    if (sample.counts.empty()) {
      sample.uppers = {std::numeric_limits<double>::infinity()};
      sample.counts = {static_cast<double>(count)};
    }
    if (sample.counts.size() != sample.uppers.size() || sample.counts.size() > kBucketsMax) {
      return taker_.Refuse("a histogram whose counts do not fit its bounds");
    }
    Give(sample);
  }

  // Bucket i of the positive side ends at base^(offset + i + 1), base = 2^(2^-scale).
  void Exponential(std::string_view bytes) {
    if (!Head(bytes, kExponential)) {
      return;
    }
    HistogramSample sample;
    int64_t scale = 0;
    int64_t offset = 0;
    double zero_threshold = 0;
    uint64_t zeros = 0;
    std::vector<uint64_t> counts;
    WireReader reader(bytes);
    while (reader.Next()) {
      if (reader.field() == 6) {
        scale = reader.zigzag();
      } else if (reader.field() == 7) {
        zeros = reader.fixed64();
      } else if (reader.field() == 14) {
        zero_threshold = reader.real();
      } else if (reader.field() == 8) {
        Positive(WireReader(reader.bytes()), &offset, counts);
      }
    }
    if (counts.size() > kBucketsMax || scale < -32 || scale > 32 || std::abs(offset) > (int64_t{1} << 40)) {
      return taker_.Refuse("an exponential histogram with too many buckets, or a scale out of range");
    }
    sample.uppers.push_back(std::max(0.0, zero_threshold));
    sample.counts.push_back(static_cast<double>(zeros));
    for (size_t i = 0; i < counts.size(); ++i) {
      sample.uppers.push_back(std::exp2(static_cast<double>(offset + static_cast<int64_t>(i) + 1) *
                                        std::exp2(-static_cast<double>(scale))));
      sample.counts.push_back(static_cast<double>(counts[i]));
    }
    Give(sample);
  }

  void Positive(WireReader reader, int64_t* offset, std::vector<uint64_t>& counts) {
    while (reader.Next()) {
      if (reader.field() == 1) {
        *offset = reader.zigzag();
      } else if (reader.field() == 2) {
        WireReader packed(reader.bytes());
        uint64_t number = reader.varint();
        bool more = reader.type() == WireReader::Type::kVarint || packed.NextVarint(&number);
        for (; more && counts.size() <= kBucketsMax; more = packed.NextVarint(&number)) {
          counts.push_back(number);
        }
        ok_ = ok_ && packed.ok();
      }
    }
    ok_ = ok_ && reader.ok();
  }

  void Summary(std::string_view bytes) {
    if (!Head(bytes, kSummary)) {
      return;
    }
    const std::string counted = std::string(metric_) + "_count";
    WireReader reader(bytes);
    while (reader.Next()) {
      SeriesSample sample;
      if (reader.field() == 4) {
        sample.hint = SeriesKind::kCounter;
        sample.value = static_cast<double>(reader.fixed64());
        Give(sample, counted);
      } else if (reader.field() == 6) {
        double quantile = 0;
        WireReader pair(reader.bytes());
        while (pair.Next()) {
          (pair.field() == 1 ? quantile : sample.value) = pair.real();
        }
        const std::string text = fmt::format("{}", quantile);
        point_.labels.push_back({"quantile", text});
        sample.hint = SeriesKind::kGauge;
        Give(sample, metric_);
        point_.labels.pop_back();
      }
    }
  }

  SampleTaker& taker_;
  bool ok_ = true;
  Attributes resource_;
  Attributes point_;
  std::string_view metric_;
  WallTime start_, at_;
  bool delta_ = false;
};

void PutVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) {
    out += static_cast<char>(value | 0x80);
  }
  out += static_cast<char>(value);
}

}  // namespace

Status ReadOtlp(std::string_view message, SampleTaker& taker) {
  return Reader(taker).Request(WireReader(message))
             ? absl::OkStatus()
             : WithReason(InvalidArgument("not an OTLP metrics request: malformed protocol buffer"),
                          "MALFORMED_BATCH");
}

std::string OtlpAnswer(int64_t refused, std::string_view why) {
  std::string answer;
  if (refused > 0) {
    std::string partial;
    partial += '\x08';  // rejected_data_points = 1
    PutVarint(static_cast<uint64_t>(refused), partial);
    partial += '\x12';  // error_message = 2
    PutVarint(why.size(), partial);
    partial += why;
    answer += '\x0a';  // partial_success = 1
    PutVarint(partial.size(), answer);
    answer += partial;
  }
  return answer;
}

}  // namespace shadowd::kpi
