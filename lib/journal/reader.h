// Reads a journal entry by entry. A frame that ends behind the end of the file is how a killed daemon leaves
// it: the journal ends there, and TornBytes says how much was left over. Anything else that is not as written
// is DATA_LOSS with its offset. Value type over bytes that outlive it; one thread; pure.
#pragma once

#include <optional>
#include <string_view>

#include "base/status.h"
#include "journal/entry.h"

namespace shadowd::journal {

class Reader {
 public:
  // INVALID_ARGUMENT when the bytes do not begin as a journal of a format that this version reads.
  static StatusOr<Reader> Open(std::string_view bytes);

  // Nothing at the end. After an error every call gives the same one.
  StatusOr<std::optional<Entry>> Next();
  size_t offset() const { return offset_; }  // of the next frame
  size_t TornBytes() const { return torn_; }

 private:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  StatusOr<Entry> Decode(std::string_view body);

  std::string_view bytes_;
  size_t offset_ = 0;
  size_t torn_ = 0;
  bool started_ = false;
  bool ended_ = false;
};

}  // namespace shadowd::journal
