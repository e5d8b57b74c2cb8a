// What may leave production for a shadow, and how it is made recognisable. Only methods that are allowed (by
// default those without side effects) are repeated; credentials and hop-by-hop fields are left out; every
// copy carries the marker header, and a W3C baggage member that instrumented services pass on to what they
// call. A request that carries the marker already is a copy and is never copied again. Value type; const
// methods may run on any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mirror/mirrored_request.h"

namespace shadowd::mirror {

inline constexpr std::string_view kBaggageMember = "shadowd.mirror=1";

class Policy {
 public:
  enum class Verdict { kMirror, kMethod, kBody, kCopy, kUnsafe };

  Policy() = default;
  Policy(std::vector<std::string> methods, std::string marker_header)
      : methods_(std::move(methods)), marker_(std::move(marker_header)) {}

  bool AllowsMethod(std::string_view method) const;
  Verdict Judge(const MirroredRequest& request) const;
  // Replaces `out` with the request's bytes as the shadows shall get them, as HTTP/1.1.
  void Render(const MirroredRequest& request, std::string& out) const;
  // The same fields on a request of our own.
  void RenderSynthetic(std::string_view path, std::string_view host, std::string& out) const;

  bool operator==(const Policy&) const = default;

 private:
  bool Drops(const HeaderField& field, std::string_view connection) const;

  std::vector<std::string> methods_ = {"GET", "HEAD"};
  std::string marker_ = "X-Shadowd-Mirror";
};

}  // namespace shadowd::mirror
