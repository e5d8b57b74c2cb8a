// SHADOWD_CHECK aborts, in every build, on what only a programming error can cause. Input is never checked
// with it.
#pragma once

#include <cstdio>
#include <cstdlib>

#define SHADOWD_CHECK(condition)                                                         \
  do {                                                                                   \
    if (!(condition)) {                                                                  \
      std::fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                      \
    }                                                                                    \
  } while (false)
