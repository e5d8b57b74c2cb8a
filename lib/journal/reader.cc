#include "journal/reader.h"

#include "journal/convert_event.h"
#include "journal/frame.h"
#include "shadowd/v1/journal.pb.h"

namespace shadowd::journal {
namespace {

control::CoreOptions OptionsFromProto(const v1::JournalOptions& in) {
  control::CoreOptions options;
  options.host.max_shadows = in.max_shadows();
  options.host.memory_reserve_bytes = in.memory_reserve_bytes();
  options.host.cpu_pressure_max = in.cpu_pressure_max();
  options.services_max = in.services_max();
  return options;
}

Start StartFromProto(const v1::JournalStart& in) {
  return {in.build(), WallFromMicros(in.wall_us()), OptionsFromProto(in.options()), in.frozen(),
          in.freeze_reason()};
}

StatusOr<Step> StepFromProto(const v1::JournalStep& in) {
  Step step;
  step.now = {MonoTime(Micros(in.mono_us())), WallFromMicros(in.wall_us())};
  SHADOWD_ASSIGN_OR_RETURN(step.event, FromProto(in));
  if (in.has_forecast_fitted()) {
    step.fit = FitMark{in.forecast_fitted().version(), in.forecast_fitted().digest()};
  }
  step.out.mutations.assign(in.mutations().begin(), in.mutations().end());
  step.out.actions.assign(in.actions().begin(), in.actions().end());
  step.out.replies.assign(in.replies().begin(), in.replies().end());
  return step;
}

}  // namespace

StatusOr<Reader> Reader::Open(std::string_view bytes) {
  if (bytes.substr(0, kMagic.size()) != kMagic) {
    return InvalidArgument("no journal: it does not begin with \"{}\"", kMagic);
  }
  if (bytes.size() < kFileHeaderBytes) {
    return InvalidArgument("no journal: it ends within its header, after {} bytes", bytes.size());
  }
  if (const uint32_t format = GetNumber(bytes.substr(kMagic.size())); format != kFormat) {
    return InvalidArgument("a journal of format {}; this version reads format {}", format, kFormat);
  }
  Reader reader(bytes);
  reader.offset_ = kFileHeaderBytes;
  return reader;
}

StatusOr<std::optional<Entry>> Reader::Next() {
  const std::string_view rest = bytes_.substr(offset_);
  if (rest.empty()) {
    return std::optional<Entry>();
  }
  if (rest.size() < kFrameHeaderBytes) {
    torn_ = rest.size();
    return std::optional<Entry>();
  }
  const uint32_t length = GetNumber(rest);
  if (GetNumber(rest.substr(4)) != Crc32(rest.substr(0, 4))) {
    return DataLoss("offset {}: no frame begins here: its length fails its check", offset_);
  }
  if (length > kBodyBytesMax) {
    return DataLoss("offset {}: a frame of {} bytes, longer than any that is written", offset_, length);
  }
  if (rest.size() - kFrameHeaderBytes < length) {
    torn_ = rest.size();
    return std::optional<Entry>();
  }
  const std::string_view body = rest.substr(kFrameHeaderBytes, length);
  if (GetNumber(rest.substr(8)) != Crc32(body)) {
    return DataLoss("offset {}: a damaged frame of {} bytes: it fails its check", offset_, length);
  }
  StatusOr<Entry> entry = Decode(body);
  if (!entry.ok()) {
    return DataLoss("offset {}: {}", offset_, MessageOf(entry.status()));
  }
  offset_ += kFrameHeaderBytes + length;
  started_ = true;
  ended_ = std::holds_alternative<End>(*entry);
  return std::optional<Entry>(*std::move(entry));
}

StatusOr<Entry> Reader::Decode(std::string_view body) {
  v1::JournalEntry entry;
  if (!entry.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return DataLoss("{} bytes that are no entry", body.size());
  }
  if (ended_) {
    return DataLoss("an entry behind the end");
  }
  if (entry.has_start() == started_) {
    return DataLoss("{}", started_ ? "a second start" : "the first entry is no start");
  }
  switch (entry.entry_case()) {
    case v1::JournalEntry::kStart:
      return StartFromProto(entry.start());
    case v1::JournalEntry::kStep:
      return StepFromProto(entry.step());
    case v1::JournalEntry::kOptions:
      return OptionsChanged{OptionsFromProto(entry.options())};
    case v1::JournalEntry::kEnd:
      return End{WallFromMicros(entry.end().wall_us()), entry.end().reason()};
    case v1::JournalEntry::ENTRY_NOT_SET:
      break;
  }
  return DataLoss("an entry of a kind that this version does not know");
}

}  // namespace shadowd::journal
