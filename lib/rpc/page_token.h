// Page tokens: where a listing goes on. Opaque and URL-safe; a token is bound to the query it came from and
// carries a checksum, so that a cut, altered or foreign one is INVALID_ARGUMENT (reason INVALID_PAGE_TOKEN)
// and not a wrong page. Not a secret: it holds the key of the last resource. Pure functions, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace shadowd::rpc {

inline constexpr size_t kDefaultPageSize = 100;
inline constexpr size_t kMaxPageSize = 1000;

// `query` is everything that decides what is listed and in which order, as "trials services/web".
std::string EncodePageToken(std::string_view last_key, std::string_view query);
// The last key; "" for the empty token (the first page).
StatusOr<std::string> DecodePageToken(std::string_view token, std::string_view query);

// 0 is the default, more than the maximum is the maximum, less than 0 an error.
StatusOr<size_t> PageSize(int32_t requested);

}  // namespace shadowd::rpc
