// REQUIRE_OK prints the whole status when a call that must succeed does not.
#pragma once

#include <catch2/catch.hpp>

#include "base/status.h"

namespace shadowd {
inline const Status& StatusOf(const Status& status) { return status; }
template <typename T>
Status StatusOf(const StatusOr<T>& value) {
  return value.status();
}
}  // namespace shadowd

#define REQUIRE_OK(expr)                                           \
  do {                                                             \
    const ::shadowd::Status require_ok_ = ::shadowd::StatusOf(expr); \
    INFO(require_ok_.ToString());                                  \
    REQUIRE(require_ok_.ok());                                     \
  } while (false)
