// The checks that validation is made of. Each returns INVALID_ARGUMENT with the field, what is wrong with it
// and reason OUT_OF_RANGE or INVALID_VALUE, or OK. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "base/time.h"

namespace shadowd::config {

Status BadValue(std::string_view field, std::string_view what);
Status CheckNumber(std::string_view field, double value, double low, double high);  // NaN is outside
Status CheckSize(std::string_view field, uint64_t value, uint64_t low, uint64_t high);
Status CheckLength(std::string_view field, Micros value, Micros low, Micros high);
Status CheckText(std::string_view field, const std::string& text,
                 size_t bytes_max);  // printable ASCII or UTF-8
Status CheckAbsolutePath(std::string_view field, const std::string& path, size_t bytes_max = 4095);
Status CheckIpAddress(std::string_view field, const std::string& address);  // of digits, not a name

// "127.0.0.1:80", "[::1]:80".
struct Endpoint {
  std::string address;
  int port = 0;
  bool loopback = false;
};
StatusOr<Endpoint> ParseEndpoint(std::string_view field, const std::string& text);
bool IsLoopback(const std::string& address);

}  // namespace shadowd::config
