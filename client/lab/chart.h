// Charts over time as SVG: panels with lines, a limit and marks, one below the other on one time axis. Many
// steps are drawn as a few hundred columns, each by its largest or mean value. Pure functions; the text
// stands alone: no script, style sheet or font from elsewhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace shadowd::lab {

inline constexpr size_t kChartColumns = 780;  // more steps than these share columns

struct Line {
  std::string name;
  std::string colour;          // "#0072b2"
  std::vector<double> y = {};  // one a step; NaN = nothing there
  bool filled = false;         // the area below it
  bool dashed = false;
  bool peaks = true;  // a column shows its largest value, else its mean
  bool bold = false;
  std::vector<double> from = {};  // filled only: the area begins at these values instead of 0
  bool dots = false;              // a dot for each column instead of a line
};

struct Rule {  // a limit across the panel
  std::string name;
  double y = 0;
};

struct Panel {
  std::string title;
  std::vector<Line> lines = {};  // the first is drawn on top, but what is filled below all
  std::optional<Rule> rule = {};
  double y_most = 0;  // what lies above is drawn at the top; 0 = all fits
  int height = 180;
};

// One row a line: coloured where y > 0, darker for more (1 = all of the column).
struct Strip {
  std::string title;
  std::vector<Line> rows = {};
};

struct Mark {  // a moment: an event or a decision
  Micros at{0};
  std::string text;    // shown when pointed at
  std::string letter;  // short, drawn; "" = none
  std::string colour;
};

struct Chart {
  std::string heading = "";             // above all
  std::vector<std::string> notes = {};  // below it, a line each
  WallTime start = {};
  Micros step{0};
  std::vector<Panel> panels = {};
  std::optional<Strip> strip = {};
  std::vector<Mark> events = {};     // lines through all panels
  std::vector<Mark> decisions = {};  // dots below the panels
  std::vector<Line> kinds = {};      // of the decisions: name and colour
};

// A whole <svg> element.
std::string DrawChart(const Chart& chart);

// Text that may stand between tags and in attributes; control characters become blanks.
std::string Escaped(std::string_view text);

// "2026-01-31 12:00", UTC.
std::string CalendarText(WallTime at);

// 1, 2 or 5 times a power of ten, so that about `count` of them make `most`.
double NiceStep(double most, int count);

}  // namespace shadowd::lab
