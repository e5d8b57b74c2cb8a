#include "lab/chart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <iterator>
#include <utility>

namespace shadowd::lab {
namespace {

constexpr double kWidth = 1000, kLeft = 116, kRight = 20, kTitle = 34, kGap = 14, kStripRow = 14;
constexpr double kLetter = 6.6, kLegendRow = 16;  // about the width of a letter
constexpr double kPlot = kWidth - kLeft - kRight;

enum class Pick { kLargest, kSmallest, kMean };  // of the steps of a column

size_t StepsOf(const Chart& chart) {
  size_t steps = 1;
  for (const Panel& panel : chart.panels) {
    for (const Line& line : panel.lines) {
      steps = std::max(steps, line.y.size());
    }
  }
  if (chart.strip) {
    for (const Line& row : chart.strip->rows) {
      steps = std::max(steps, row.y.size());
    }
  }
  return steps;
}

// Where a value lies in a panel.
struct Scale {
  double top = 0, height = 0, most = 1;

  double At(double y) const { return top + height * (1 - std::clamp(y / most, 0.0, 1.0)); }
};

// Writes one chart from top to bottom.
class Drawing {
 public:
  explicit Drawing(const Chart& chart)
      : chart_(chart), steps_(StepsOf(chart)), columns_(std::min(kChartColumns, steps_)) {}

  std::string Draw() {
    DrawHeading();
    for (const Panel& panel : chart_.panels) {
      DrawPanel(panel);
    }
    if (chart_.strip) {
      DrawStrip(*chart_.strip);
    }
    DrawDecisions();
    DrawTimeAxis();
    DrawEvents();
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0f} {:.0f}\" width=\"100%\" "
        "font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n<rect width=\"100%\" height=\"100%\" "
        "fill=\"#ffffff\"/>\n{}</svg>\n",
        kWidth, y_ + 4, out_);
  }

 private:
  template <typename... Args>
  void Put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }
  double XOfColumn(size_t column) const {
    return kLeft + kPlot * static_cast<double>(column) / static_cast<double>(columns_);
  }
  double XOf(Micros at) const {
    const double all = ToSeconds(chart_.step) * static_cast<double>(steps_);
    return kLeft + kPlot * std::clamp(all > 0 ? ToSeconds(at) / all : 0, 0.0, 1.0);
  }

  void DrawHeading() {
    if (!chart_.heading.empty()) {
      Put("<title>{0}</title><text x=\"{1:.0f}\" y=\"{2:.1f}\" font-size=\"17\" "
          "font-weight=\"bold\">{0}</text>\n",
          Escaped(chart_.heading), kLeft, y_ + 22);
      y_ += 32;
    }
    for (const std::string& note : chart_.notes) {
      Put("<text x=\"{:.0f}\" y=\"{:.1f}\" fill=\"#333333\">{}</text>\n", kLeft, y_ + 12, Escaped(note));
      y_ += kLegendRow;
    }
  }

  // One value a column; NaN where the steps have none.
  std::vector<double> Columns(const std::vector<double>& y, Pick pick) const {
    std::vector<double> values(columns_, std::nan(""));
    for (size_t column = 0; column < columns_; ++column) {
      const size_t from = column * steps_ / columns_, to = (column + 1) * steps_ / columns_;
      double sum = 0, least = 0, most = 0, count = 0;
      for (size_t i = from; i < std::min(std::max(to, from + 1), y.size()); ++i) {
        if (std::isfinite(y[i])) {
          most = count == 0 ? y[i] : std::max(most, y[i]);
          least = count == 0 ? y[i] : std::min(least, y[i]);
          sum += y[i];
          ++count;
        }
      }
      if (count > 0) {
        values[column] = pick == Pick::kMean ? sum / count : (pick == Pick::kLargest ? most : least);
      }
    }
    return values;
  }
  std::vector<double> Columns(const Line& line) const {
    return Columns(line.y, line.peaks ? Pick::kLargest : Pick::kMean);
  }

  static double MostOf(const Panel& panel, const std::vector<std::vector<double>>& columns) {
    double most = panel.rule ? panel.rule->y * 1.1 : 0;
    for (const std::vector<double>& line : columns) {
      for (const double y : line) {
        most = std::isfinite(y) ? std::max(most, y) : most;
      }
    }
    most = panel.y_most > 0 ? std::min(most, panel.y_most) : most;
    return most > 0 ? most : 1;
  }

  // A title and what the lines below it mean, in as many rows as that takes.
  void Legend(const std::string& title, const std::vector<Line>& lines) {
    Put("<text x=\"{:.0f}\" y=\"{:.1f}\" font-weight=\"bold\">{}</text>\n", kLeft, y_ + 16, Escaped(title));
    double x = kLeft + 14 + 8 * static_cast<double>(title.size());
    for (const Line& line : lines) {
      const double width = 40 + kLetter * static_cast<double>(line.name.size());
      if (x + width > kWidth - kRight && x > kLeft) {
        x = kLeft;
        y_ += kLegendRow;
      }
      Put("<line x1=\"{0:.0f}\" x2=\"{1:.0f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" stroke=\"{3}\" "
          "stroke-width=\"3\"{4}/><text x=\"{5:.0f}\" y=\"{6:.1f}\">{7}</text>\n",
          x, x + 18, y_ + 12, line.colour, line.dashed ? " stroke-dasharray=\"4 3\"" : "", x + 22, y_ + 16,
          Escaped(line.name));
      x += width;
    }
  }

  void DrawPanel(const Panel& panel) {
    Legend(panel.title, panel.lines);
    std::vector<std::vector<double>> columns;
    for (const Line& line : panel.lines) {
      columns.push_back(Columns(line));
    }
    const double top = y_ + kTitle - 8, height = panel.height;
    const double unit = NiceStep(MostOf(panel, columns), 4);
    const double most = unit * std::ceil(MostOf(panel, columns) / unit - 1e-9);
    for (double y = 0; y <= most * 1.0001; y += unit) {
      const double at = top + height * (1 - y / most);
      Put("<line x1=\"{0:.0f}\" x2=\"{1:.0f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" stroke=\"#e4e4e4\"/>"
          "<text x=\"{3:.0f}\" y=\"{4:.1f}\" text-anchor=\"end\" fill=\"#555555\">{5:.6g}</text>\n",
          kLeft, kWidth - kRight, at, kLeft - 6, at + 4, y);
    }
    for (const bool filled : {true, false}) {
      for (size_t i = panel.lines.size(); i-- > 0;) {
        if (panel.lines[i].filled == filled) {
          DrawLine(panel.lines[i], columns[i], {top, height, most});
        }
      }
    }
    if (panel.rule) {
      const double at = top + height * (1 - std::min(panel.rule->y, most) / most);
      Put("<line x1=\"{0:.0f}\" x2=\"{1:.0f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" stroke=\"#c00000\" "
          "stroke-dasharray=\"6 4\"/><text x=\"{1:.0f}\" y=\"{3:.1f}\" text-anchor=\"end\" "
          "fill=\"#c00000\">{4}</text>\n",
          kLeft, kWidth - kRight, at, at - 4, Escaped(panel.rule->name));
    }
    bands_.emplace_back(top, top + height);
    y_ = top + height + kGap;
  }

  void DrawLine(const Line& line, const std::vector<double>& values, const Scale& scale) {
    if (line.dots) {
      for (size_t column = 0; column < values.size(); ++column) {
        if (std::isfinite(values[column])) {
          Put("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.6\" fill=\"{}\"/>\n",
              (XOfColumn(column) + XOfColumn(column + 1)) / 2, scale.At(values[column]), line.colour);
        }
      }
    } else if (line.filled) {
      // An edge keeps an area in sight that is one column wide.
      Put("<path d=\"{0}\" fill=\"{1}\" fill-opacity=\"0.35\" stroke=\"{2}\" stroke-opacity=\"0.5\"/>\n",
          Path(line, values, scale), line.colour, line.from.empty() ? "none" : line.colour.c_str());
    } else {
      Put("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\"{}/>\n", Path(line, values, scale),
          line.colour, line.bold ? "2.2\" stroke-linecap=\"square" : "1.3",
          line.dashed ? " stroke-dasharray=\"4 3\"" : "");
    }
  }

  // Through each run of columns that have values; that of an area goes back along its lower edge.
  std::string Path(const Line& line, const std::vector<double>& values, const Scale& scale) const {
    const std::vector<double> from = Columns(line.from, Pick::kSmallest);
    std::string path;
    for (size_t begin = 0, end = 0; begin < values.size(); begin = end + 1) {
      for (end = begin; end < values.size() && std::isfinite(values[end]); ++end) {
        path += fmt::format("{}{:.1f} {:.1f}H{:.1f}", end == begin ? 'M' : 'L', XOfColumn(end),
                            scale.At(values[end]), XOfColumn(end + 1));
      }
      if (!line.filled || end == begin) {
        continue;
      }
      if (line.from.empty()) {
        path += fmt::format("L{:.1f} {:.1f}H{:.1f}", XOfColumn(end), scale.At(0), XOfColumn(begin));
      }
      for (size_t column = end; !line.from.empty() && column-- > begin;) {
        const double y = std::isfinite(from[column]) ? from[column] : 0;
        path += fmt::format("L{:.1f} {:.1f}H{:.1f}", XOfColumn(column + 1), scale.At(y), XOfColumn(column));
      }
      path += 'Z';
    }
    return path;
  }

  void DrawStrip(const Strip& strip) {
    Legend(strip.title, {});
    double y = y_ + kTitle - 10;
    for (const Line& row : strip.rows) {
      Put("<text x=\"{:.0f}\" y=\"{:.1f}\" text-anchor=\"end\" font-size=\"10\">{}</text><rect x=\"{:.0f}\" "
          "y=\"{:.1f}\" width=\"{:.0f}\" height=\"{:.0f}\" fill=\"#f2f2f2\"/>\n",
          kLeft - 4, y + 10, Escaped(row.name), kLeft, y + 1, kPlot, kStripRow - 3);
      const std::vector<double> values = Columns(row);
      for (size_t column = 0; column < values.size(); ++column) {
        if (std::isfinite(values[column]) && values[column] > 0) {
          Put("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.0f}\" fill=\"{}\" "
              "fill-opacity=\"{:.2f}\"/>\n",
              XOfColumn(column), y + 1, kPlot / static_cast<double>(columns_) + 0.4, kStripRow - 3,
              row.colour, 0.4 + 0.6 * std::min(values[column], 1.0));
        }
      }
      y += kStripRow;
    }
    bands_.emplace_back(y_ + kTitle - 10, y);
    y_ = y + kGap;
  }

  void DrawDecisions() {
    if (chart_.decisions.empty()) {
      return;
    }
    Legend("Decisions (point at one to read it)", chart_.kinds);
    for (const Mark& mark : chart_.decisions) {
      Put("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\" "
          "fill-opacity=\"0.8\"><title>{}</title></circle>\n",
          XOf(mark.at), y_ + kTitle, mark.colour, Escaped(mark.text));
    }
    y_ += kTitle + kGap;
  }

  // Of the marks of up to two days: hours, or minutes where there are few; in days.
  static double HoursUnit(double days) {
    for (const int minutes : {1, 2, 5, 10, 15, 30}) {
      if (days * 1440 <= 12 * minutes) {
        return minutes / 1440.0;
      }
    }
    return std::max(1.0, std::ceil(days * 24 / 12)) / 24;
  }

  void DrawTimeAxis() {
    const double days = ToSeconds(chart_.step) * static_cast<double>(steps_) / 86400;
    const bool hours = days < 2;
    const double unit = hours ? HoursUnit(days) : std::max(1.0, std::ceil(days / 14));
    const auto midnight = std::chrono::floor<std::chrono::days>(chart_.start.time_since_epoch());
    const double first = ToSeconds(chart_.start.time_since_epoch() - midnight) / 86400;
    const double begin = std::ceil(first / unit - 1e-9) * unit;
    for (double day = begin; day <= first + days && unit > 0; day += unit) {
      const double x = XOf(FromSeconds((day - first) * 86400));
      const auto at = chart_.start.time_since_epoch() + FromSeconds((day - first) * 86400);
      const std::chrono::year_month_day date(std::chrono::sys_days(
          std::chrono::floor<std::chrono::days>(std::chrono::duration_cast<std::chrono::seconds>(at))));
      const auto minutes = static_cast<int64_t>(std::llround(std::fmod(day, 1.0) * 1440));
      const std::string label = hours ? fmt::format("{:02}:{:02}", minutes / 60, minutes % 60)
                                      : fmt::format("{:02}-{:02}", static_cast<unsigned>(date.month()),
                                                    static_cast<unsigned>(date.day()));
      Put("<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\" stroke=\"#999999\"/><text "
          "x=\"{0:.1f}\" y=\"{3:.1f}\" text-anchor=\"middle\" fill=\"#555555\">{4}</text>\n",
          x, y_, y_ + 5, y_ + 18, label);
    }
    Put("<line x1=\"{0:.0f}\" x2=\"{1:.0f}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" stroke=\"#999999\"/>\n", kLeft,
        kWidth - kRight, y_);
    Put("<text x=\"{:.0f}\" y=\"{:.1f}\" text-anchor=\"end\" fill=\"#555555\">{}</text>\n", kLeft - 24,
        y_ + 18, hours ? "hour (UTC)" : "date (UTC)");
    y_ += 26;
  }

  // Names of events that lie close together stand below each other.
  void DrawEvents() {
    constexpr int kRows = 4;
    std::array<double, kRows> ends{};  // of the last name in each row
    for (const Mark& mark : chart_.events) {
      const double x = XOf(mark.at), width = 5.6 * static_cast<double>(mark.letter.size()) + 6;
      const bool left = x + width > kWidth - kRight;
      size_t row = 0;
      while (row + 1 < kRows && ends[row] > (left ? x - width : x)) {
        ++row;
      }
      ends[row] = left ? x : x + width;
      Put("<g><title>{}</title>", Escaped(mark.text));
      for (const auto& [top, bottom] : bands_) {
        Put("<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\" stroke=\"{3}\" "
            "stroke-dasharray=\"2 3\" stroke-width=\"1.5\"/>",
            x, top, bottom, mark.colour);
      }
      Put("<text x=\"{:.1f}\" y=\"{:.0f}\" font-size=\"10\" text-anchor=\"{}\" fill=\"{}\">{}</text></g>\n",
          left ? x - 3 : x + 3, (bands_.empty() ? 0 : bands_[0].first) + 10 + 11 * static_cast<double>(row),
          left ? "end" : "start", mark.colour, Escaped(mark.letter));
    }
  }

  const Chart& chart_;
  size_t steps_;
  size_t columns_;
  double y_ = 0;
  std::vector<std::pair<double, double>> bands_;  // from top to bottom, where things happen over time
  std::string out_;
};

}  // namespace

std::string DrawChart(const Chart& chart) {
  return Drawing(chart).Draw();
}

std::string Escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        safe += c >= 0 && c < ' ' ? ' ' : c;
    }
  }
  return safe;
}

std::string CalendarText(WallTime at) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at.time_since_epoch());
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date{std::chrono::sys_days(day)};
  const int64_t in_day = (seconds - day).count();
  return fmt::format("{}-{:02}-{:02} {:02}:{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), in_day / 3600,
                     in_day / 60 % 60);
}

double NiceStep(double most, int count) {
  const double rough = most / std::max(count, 1);
  if (!(rough > 0) || !std::isfinite(rough)) {
    return 1;
  }
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (rough <= factor * power * 1.0001) {
      return factor * power;
    }
  }
  return 10 * power;
}

}  // namespace shadowd::lab
