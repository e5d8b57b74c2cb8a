// How far a long run is, for whoever waits at a terminal: one line on standard error, written over as the run
// goes on and removed at its end. Where standard error is no terminal, nothing is written.
#pragma once

#include <functional>
#include <string>

namespace shadowd::lab {

// Called as parts of a run begin or end: this many of at most so many.
using Progress = std::function<void(int done, int most)>;

class ProgressLine {
 public:
  // "searching for better settings: play"
  explicit ProgressLine(std::string what);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Show(int done, int most) const;

 private:
  std::string what_;
  bool terminal_;
};

}  // namespace shadowd::lab
