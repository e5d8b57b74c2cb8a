// A journal from a disk. The bytes as they are, as what follows a header, and as the body of a whole frame,
// so that the checks do not keep the messages inside from being reached. What decodes is written again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "journal/frame.h"
#include "journal/reader.h"
#include "journal/writer.h"

namespace {

using namespace shadowd::journal;

void ReadAll(std::string_view bytes) {
  auto reader = Reader::Open(bytes);
  while (reader.ok()) {
    const size_t before = reader->offset();
    const auto entry = reader->Next();
    if (!entry.ok() || !entry->has_value()) {
      return;
    }
    if (reader->offset() <= before || reader->offset() > bytes.size()) {
      std::abort();
    }
    if (const auto* step = std::get_if<Step>(&**entry)) {
      static_cast<void>(EncodeStep(step->event, step->now, {}));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ReadAll(bytes);
  std::string journal = FileHeader() + Encode(Start{});
  ReadAll(journal + std::string(bytes));
  std::string frame;
  PutNumber(static_cast<uint32_t>(size), frame);
  PutNumber(Crc32(frame), frame);
  PutNumber(Crc32(bytes), frame);
  ReadAll(journal + frame + std::string(bytes));
  return 0;
}
