#include "rpc/page_token.h"

#include <absl/strings/escaping.h>

namespace shadowd::rpc {
namespace {

constexpr char kFormat = 1;
constexpr size_t kHashBytes = 8;
constexpr size_t kHeaderBytes = 1 + kHashBytes;  // format, hash of the query; then the key, then the checksum
constexpr size_t kTokenMax = 4096;

// FNV-1a: against accidents and mixed-up tokens, not against forgers, who could list anyway.
uint64_t Fnv1a(std::string_view bytes) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  return hash;
}

void AppendHash(uint64_t hash, std::string& out) {
  for (size_t i = 0; i < kHashBytes; ++i) {
    out.push_back(static_cast<char>((hash >> (8 * i)) & 0xff));
  }
}

Status Invalid(std::string_view why) {
  return WithField(WithReason(InvalidArgument("page_token: {}", why), "INVALID_PAGE_TOKEN"), "page_token");
}

}  // namespace

std::string EncodePageToken(std::string_view last_key, std::string_view query) {
  std::string bytes(1, kFormat);
  AppendHash(Fnv1a(query), bytes);
  bytes.append(last_key);
  AppendHash(Fnv1a(bytes), bytes);
  std::string token;
  absl::WebSafeBase64Escape(absl::string_view(bytes.data(), bytes.size()), &token);
  return token;
}

StatusOr<std::string> DecodePageToken(std::string_view token, std::string_view query) {
  if (token.empty()) {
    return std::string();
  }
  std::string bytes;
  if (token.size() > kTokenMax ||
      !absl::WebSafeBase64Unescape(absl::string_view(token.data(), token.size()), &bytes) ||
      bytes.size() < kHeaderBytes + kHashBytes || bytes[0] != kFormat) {
    return Invalid("not a token of this server");
  }
  const std::string_view body = std::string_view(bytes).substr(0, bytes.size() - kHashBytes);
  std::string checksum;
  AppendHash(Fnv1a(body), checksum);
  if (std::string_view(bytes).substr(body.size()) != checksum) {
    return Invalid("damaged");
  }
  std::string query_hash;
  AppendHash(Fnv1a(query), query_hash);
  if (body.substr(1, kHashBytes) != query_hash) {
    return Invalid("comes from another query");
  }
  return std::string(body.substr(kHeaderBytes));
}

StatusOr<size_t> PageSize(int32_t requested) {
  if (requested < 0) {
    return WithField(WithReason(InvalidArgument("page_size: {} is negative", requested), "INVALID_PAGE_SIZE"),
                     "page_size");
  }
  return requested == 0 ? kDefaultPageSize : std::min(static_cast<size_t>(requested), kMaxPageSize);
}

}  // namespace shadowd::rpc
