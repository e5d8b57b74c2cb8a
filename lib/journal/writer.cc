#include "journal/writer.h"

#include "journal/convert_event.h"
#include "journal/digest.h"
#include "journal/frame.h"
#include "shadowd/v1/journal.pb.h"

namespace shadowd::journal {
namespace {

std::string Frame(const v1::JournalEntry& entry) {
  const size_t size = entry.ByteSizeLong();
  if (size > kBodyBytesMax) {
    return {};
  }
  std::string body;
  // The messages inside are the converters' own and hold UTF-8 only; all other texts are bytes.
  if (!entry.SerializeToString(&body)) {
    return {};
  }
  std::string frame;
  frame.reserve(kFrameHeaderBytes + body.size());
  PutNumber(static_cast<uint32_t>(body.size()), frame);
  PutNumber(Crc32(frame), frame);
  PutNumber(Crc32(body), frame);
  frame += body;
  return frame;
}

void OptionsToProto(const control::CoreOptions& options, v1::JournalOptions* out) {
  out->set_max_shadows(options.host.max_shadows);
  out->set_memory_reserve_bytes(options.host.memory_reserve_bytes);
  out->set_cpu_pressure_max(options.host.cpu_pressure_max);
  out->set_services_max(options.services_max);
}

}  // namespace

std::string FileHeader() {
  std::string header(kMagic);
  PutNumber(kFormat, header);
  return header;
}

std::string Encode(const Start& start) {
  v1::JournalEntry entry;
  v1::JournalStart* out = entry.mutable_start();
  out->set_build(start.build);
  out->set_wall_us(ToMicros(start.at));
  OptionsToProto(start.options, out->mutable_options());
  out->set_frozen(start.frozen);
  out->set_freeze_reason(start.freeze_reason);
  return Frame(entry);
}

std::string EncodeStep(const ports::Event& event, Now now, const ports::Outcome& outcome) {
  v1::JournalEntry entry;
  v1::JournalStep* out = entry.mutable_step();
  out->set_mono_us(now.mono.time_since_epoch().count());
  out->set_wall_us(ToMicros(now.wall));
  ToProto(event, out);
  const Digests digests = DigestOf(outcome);
  out->mutable_mutations()->Assign(digests.mutations.begin(), digests.mutations.end());
  out->mutable_actions()->Assign(digests.actions.begin(), digests.actions.end());
  out->mutable_replies()->Assign(digests.replies.begin(), digests.replies.end());
  return Frame(entry);
}

std::string Encode(const OptionsChanged& changed) {
  v1::JournalEntry entry;
  OptionsToProto(changed.options, entry.mutable_options());
  return Frame(entry);
}

std::string Encode(const End& end) {
  v1::JournalEntry entry;
  entry.mutable_end()->set_wall_us(ToMicros(end.at));
  entry.mutable_end()->set_reason(end.reason);
  return Frame(entry);
}

}  // namespace shadowd::journal
