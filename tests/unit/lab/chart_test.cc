#include "lab/chart.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace shadowd::lab {
namespace {

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

Chart OneLine(std::vector<double> y) {
  Chart chart{.start = WallFromMicros(1'700'000'000'000'000), .step = std::chrono::minutes(1)};
  chart.panels.push_back(
      {.title = "Demand", .lines = {{.name = "web", .colour = "#0072b2", .y = std::move(y)}}, .rule = {}});
  return chart;
}

}  // namespace

TEST_CASE("a chart is one svg element with its lines, limit, marks and names") {
  Chart chart = OneLine({1, 2, 3, 4});
  chart.panels[0].rule = Rule{"limit", 3};
  chart.strip = Strip{.title = "Over", .rows = {{.name = "hpa", .colour = "#c00000", .y = {0, 1, 0, 0.5}}}};
  chart.events.push_back({std::chrono::minutes(2), "deploy: dearer", "deploy", "#7a0177"});
  chart.decisions.push_back({std::chrono::minutes(1), "CONFIRMED 3 to 4", "", "#009e73"});
  const std::string svg = DrawChart(chart);
  CHECK(svg.starts_with("<svg "));
  CHECK(svg.ends_with("</svg>\n"));
  CHECK(Count(svg, "<path ") == 1);
  CHECK(Has(svg, ">limit</text>"));
  CHECK(Has(svg, "<title>deploy: dearer</title>"));
  CHECK(Has(svg, "<title>CONFIRMED 3 to 4</title>"));
  CHECK(Count(svg, "fill=\"#c00000\" fill-opacity") == 2);
  CHECK_FALSE(Has(svg, "nan"));
  CHECK_FALSE(Has(svg, "href"));
}

TEST_CASE("many steps become few columns, and a column keeps its peak") {
  std::vector<double> y(100'000, 1);
  y[50'000] = 100;
  const std::string svg = DrawChart(OneLine(std::move(y)));
  CHECK(svg.size() < 60'000);
  CHECK(Has(svg, ">100</text>"));
}

TEST_CASE("a line has gaps where it has no values, and nothing at all is drawn empty") {
  const std::string svg = DrawChart(OneLine({1, std::nan(""), 2}));
  const std::string path = svg.substr(svg.find("<path d=\""), 120);
  CHECK(Count(path, "M") == 2);
  CHECK_FALSE(Has(svg, "nan"));
  CHECK(DrawChart(Chart{.step = std::chrono::minutes(1)}).ends_with("</svg>\n"));
  CHECK_FALSE(Has(DrawChart(OneLine({std::nan("")})), "nan"));
}

TEST_CASE("names of events that lie close together do not overlap, nor leave the chart") {
  Chart chart = OneLine(std::vector<double>(1000, 1));
  for (const int minute : {500, 501, 999}) {
    chart.events.push_back({std::chrono::minutes(minute), "", "failure", "#7a0177"});
  }
  const std::string svg = DrawChart(chart);
  std::vector<std::string> heights;
  for (size_t at = svg.find("font-size=\"10\""); at != std::string::npos;
       at = svg.find("font-size=\"10\"", at + 1)) {
    const size_t y = svg.rfind("y=\"", at) + 3;
    heights.push_back(svg.substr(y, svg.find('"', y) - y));
  }
  REQUIRE(heights.size() == 3);
  CHECK(heights[0] != heights[1]);
  CHECK(heights[0] == heights[2]);
  CHECK(Count(svg, "text-anchor=\"end\" fill=\"#7a0177\"") == 1);
}

TEST_CASE("a legend that is wider than the chart takes another row") {
  Chart chart = OneLine({1});
  const std::string before = DrawChart(chart);
  for (int i = 0; i < 12; ++i) {
    chart.panels[0].lines.push_back({.name = "oracle-distribution", .colour = "#0072b2"});
  }
  const std::string svg = DrawChart(chart);
  for (size_t at = svg.find("<text x=\""); at != std::string::npos; at = svg.find("<text x=\"", at + 1)) {
    CHECK(std::stod(svg.substr(at + 9, 8)) <= 1000 - 20);
  }
  CHECK(svg.substr(0, 120) != before.substr(0, 120));  // a taller picture
}

TEST_CASE("text of others is harmless in a page") {
  CHECK(Escaped("<script>\"a\" & 'b'</script>\x01") ==
        "&lt;script&gt;&quot;a&quot; &amp; &#39;b&#39;&lt;/script&gt; ");
  Chart chart = OneLine({1});
  chart.panels[0].title = "<b>";
  CHECK_FALSE(Has(DrawChart(chart), "<b>"));
}

TEST_CASE("axis steps are round numbers") {
  CHECK(NiceStep(2000, 4) == 500);
  CHECK(NiceStep(7, 4) == 2);
  CHECK(NiceStep(0.4, 4) == Approx(0.1));
  CHECK(NiceStep(0, 4) == 1);
}

TEST_CASE("an area may begin at a lower edge, and values may be dots") {
  Chart chart = OneLine({4, std::nan(""), 6, 7});
  chart.panels[0].lines[0].filled = true;
  chart.panels[0].lines[0].from = {2, 2, 3, std::nan("")};
  chart.panels[0].lines.push_back(
      {.name = "misses", .colour = "#c00000", .y = {std::nan(""), 5, std::nan(""), 1}, .dots = true});
  const std::string svg = DrawChart(chart);
  CHECK(Count(svg, "<circle ") == 2);
  const size_t at = svg.find("<path d=\"");
  const std::string path = svg.substr(at, svg.find("fill=", at) - at);
  CHECK(Count(path, "M") == 2);
  CHECK(Count(path, "Z") == 2);
  CHECK_FALSE(Has(svg, "nan"));
}

TEST_CASE("a heading and notes stand above the panels") {
  Chart chart = OneLine({1, 2});
  chart.heading = "Shop & more";
  chart.notes = {"the first", "the second"};
  const std::string svg = DrawChart(chart);
  CHECK(Has(svg, "<title>Shop &amp; more</title>"));
  CHECK(svg.find(">the first<") < svg.find(">the second<"));
  CHECK(svg.find(">the second<") < svg.find(">Demand<"));
}

TEST_CASE("a short chart has marks at minutes") {
  const std::string svg = DrawChart(OneLine(std::vector<double>(10, 1)));  // from 22:13:20 on
  CHECK(Has(svg, ">22:14<"));
  CHECK(Has(svg, ">22:23<"));
}

}  // namespace shadowd::lab
