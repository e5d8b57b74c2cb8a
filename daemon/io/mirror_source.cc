#include "daemon/io/mirror_source.h"

#include <utility>
#include <vector>

#include "daemon/io/tap_socket.h"
#include "daemon/io/vxlan_socket.h"
#include "mirror/capture_file.h"

namespace shadowd::io {
namespace {

constexpr Micros kSettle = std::chrono::seconds(60);  // of a file's clock, after which no hole is waited for

class TapSource final : public MirrorSource {
 public:
  explicit TapSource(std::unique_ptr<TapSocket> tap) : tap_(std::move(tap)) {}
  int fd() const override { return tap_->fd(); }
  mirror::LinkType link() const override { return tap_->link(); }
  void Read(mirror::Extractor& extractor, MonoTime) override {
    tap_->Read([&](mirror::Bytes frame, MonoTime at) { extractor.OnFrame(frame, at); });
  }
  uint64_t TakeDrops() override { return tap_->TakeDrops(); }

 private:
  std::unique_ptr<TapSocket> tap_;
};

class VxlanSource final : public MirrorSource {
 public:
  explicit VxlanSource(std::unique_ptr<VxlanSocket> socket) : socket_(std::move(socket)) {}
  int fd() const override { return socket_->fd(); }
  mirror::LinkType link() const override { return mirror::LinkType::kEthernet; }
  void Read(mirror::Extractor& extractor, MonoTime now) override {
    socket_->Read([&](mirror::Bytes frame) { extractor.OnFrame(frame, now); });
  }
  uint64_t TakeDrops() override { return socket_->drops() - std::exchange(drops_, socket_->drops()); }
  uint64_t foreign() const override { return socket_->foreign(); }

 private:
  std::unique_ptr<VxlanSocket> socket_;
  uint64_t drops_ = 0;
};

class FileSource final : public MirrorSource {
 public:
  FileSource(const std::string& file, bool paced, MonoTime start) : paced_(paced), start_(start) {
    damaged_ =
        mirror::ReadCapture(file, [&](const mirror::CapturedFrame& frame) { frames_.push_back(frame); });
  }
  bool empty() const { return frames_.empty(); }
  int fd() const override { return -1; }
  mirror::LinkType link() const override {
    return frames_.empty() ? mirror::LinkType::kEthernet : frames_[0].link;
  }
  std::optional<MonoTime> next() const override {
    return over() ? std::nullopt
                  : std::optional(paced_ ? start_ + (frames_[at_].at - frames_[0].at) : start_);
  }
  bool over() const override { return at_ == frames_.size(); }
  void Read(mirror::Extractor& extractor, MonoTime now) override {
    for (; !over() && *next() <= now; ++at_) {
      extractor.OnFrame(frames_[at_].bytes, frames_[at_].at);
    }
    if (over()) {
      extractor.OnTime(frames_.back().at + kSettle);
    }
  }
  Status damaged() const override { return damaged_; }

 private:
  bool paced_;
  MonoTime start_;
  std::vector<mirror::CapturedFrame> frames_;
  size_t at_ = 0;
  Status damaged_;
};

}  // namespace

StatusOr<std::unique_ptr<MirrorSource>> OpenTapSource(const std::string& interface, uint16_t port) {
  SHADOWD_ASSIGN_OR_RETURN(std::unique_ptr<TapSocket> tap, TapSocket::Open(interface, port));
  return std::make_unique<TapSource>(std::move(tap));
}

StatusOr<std::unique_ptr<MirrorSource>> OpenVxlanSource(uint16_t port) {
  SHADOWD_ASSIGN_OR_RETURN(std::unique_ptr<VxlanSocket> socket, VxlanSocket::Open(port));
  return std::make_unique<VxlanSource>(std::move(socket));
}

StatusOr<std::unique_ptr<MirrorSource>> OpenFileSource(const std::string& file, bool paced, MonoTime start) {
  auto source = std::make_unique<FileSource>(file, paced, start);
  if (source->empty() && !source->damaged().ok()) {
    return source->damaged();
  }
  return source;
}

}  // namespace shadowd::io
