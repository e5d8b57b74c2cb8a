#include "lab/progress.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

namespace shadowd::lab {

ProgressLine::ProgressLine(std::string what)
    : what_(std::move(what)), terminal_(::isatty(STDERR_FILENO) == 1) {}

ProgressLine::~ProgressLine() {
  if (terminal_) {
    std::fputs("\r\033[K", stderr);
  }
}

void ProgressLine::Show(int done, int most) const {
  if (terminal_) {
    std::fprintf(stderr, "\r%s %d of %d", what_.c_str(), done, most);
  }
}

}  // namespace shadowd::lab
