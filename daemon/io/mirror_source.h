// Where a mirror's frames come from: a tap, a receiver of VXLAN, or a capture file. Owned and used by one
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "base/time.h"
#include "mirror/extractor.h"

namespace shadowd::io {

class MirrorSource {
 public:
  virtual ~MirrorSource() = default;
  virtual int fd() const = 0;  // readable when frames have come; -1: they come at `next`
  virtual mirror::LinkType link() const = 0;
  // Hands on what is there now.
  virtual void Read(mirror::Extractor& extractor, MonoTime now) = 0;
  virtual std::optional<MonoTime> next() const { return std::nullopt; }
  virtual bool over() const { return false; }
  virtual uint64_t TakeDrops() { return 0; }      // packets that there was no room for, since the last call
  virtual uint64_t foreign() const { return 0; }  // datagrams that were no VXLAN
  virtual Status damaged() const { return absl::OkStatus(); }  // of a file that ended too soon
};

StatusOr<std::unique_ptr<MirrorSource>> OpenTapSource(const std::string& interface, uint16_t port);
StatusOr<std::unique_ptr<MirrorSource>> OpenVxlanSource(uint16_t port);
// `file` is the file's bytes and must outlive the source. `paced`: with the file's own spacing from `start`
// on, else at once. A file that ends too soon counts up to there.
StatusOr<std::unique_ptr<MirrorSource>> OpenFileSource(const std::string& file, bool paced, MonoTime start);

}  // namespace shadowd::io
