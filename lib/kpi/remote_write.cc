#include "kpi/remote_write.h"

#include <absl/container/inlined_vector.h>

#include "kpi/wire.h"

namespace shadowd::kpi {
namespace {

constexpr uint32_t kTimeseries = 1;                             // of WriteRequest
constexpr uint32_t kLabels = 1, kSamples = 2, kHistograms = 4;  // of TimeSeries
constexpr uint32_t kName = 1, kValue = 2;                       // of Label
constexpr uint32_t kSampleValue = 1, kSampleTime = 2;           // of Sample; milliseconds
constexpr int64_t kMillisMax = INT64_MAX / 1'000;
constexpr size_t kLabelsMax = 128;

Status Malformed() {
  return WithReason(InvalidArgument("not a remote-write request: malformed protocol buffer"),
                    "MALFORMED_BATCH");
}

Label ReadLabel(WireReader reader, bool* ok) {
  Label label;
  while (reader.Next()) {
    if (reader.field() == kName) {
      label.name = reader.bytes();
    } else if (reader.field() == kValue) {
      label.value = reader.bytes();
    }
  }
  *ok = *ok && reader.ok();
  return label;
}

// Labels may come behind samples: the series is walked twice.
Status ReadSeries(std::string_view bytes, SampleTaker& taker) {
  absl::InlinedVector<Label, 16> labels;
  SeriesSample sample;
  bool ok = true;
  WireReader head(bytes);
  while (head.Next()) {
    if (head.field() == kLabels) {
      const Label label = ReadLabel(WireReader(head.bytes()), &ok);
      if (label.name == "__name__") {
        sample.metric = label.value;
      } else if (labels.size() < kLabelsMax) {
        labels.push_back(label);
      }
    }
  }
  if (!ok || !head.ok()) {
    return Malformed();
  }
  if (sample.metric.empty()) {
    return WithReason(InvalidArgument("a series without __name__"), "MALFORMED_BATCH");
  }
  sample.labels = labels;
  WireReader body(bytes);
  while (body.Next()) {
    if (body.field() == kHistograms) {
      taker.Refuse("native histograms are not taken");
    }
    if (body.field() != kSamples) {
      continue;
    }
    WireReader point(body.bytes());
    int64_t millis = 0;
    sample.value = 0;
    while (point.Next()) {
      if (point.field() == kSampleValue) {
        sample.value = point.real();
      } else if (point.field() == kSampleTime) {
        millis = static_cast<int64_t>(point.varint());
      }
    }
    if (!point.ok() || millis > kMillisMax || millis < -kMillisMax) {
      return Malformed();
    }
    sample.at = WallFromMicros(millis * 1'000);
    taker.Take(sample);
  }
  return absl::OkStatus();
}

}  // namespace

Status ReadRemoteWrite(std::string_view message, SampleTaker& taker) {
  WireReader reader(message);
  while (reader.Next()) {
    if (reader.field() == kTimeseries) {
      SHADOWD_RETURN_IF_ERROR(ReadSeries(reader.bytes(), taker));
    }
  }
  return reader.ok() ? absl::OkStatus() : Malformed();
}

}  // namespace shadowd::kpi
