// Rules by which series of others become KPIs of services: the first that fits decides, save that what is
// counted as errors may be counted as requests too. Immutable; any thread.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/telemetry.h"

namespace shadowd::kpi {

struct Label {
  std::string_view name;
  std::string_view value;
};
using Labels = std::span<const Label>;

// The value of a label; "" where it is not there.
std::string_view ValueOf(Labels labels, std::string_view name);

class RuleTable {
 public:
  explicit RuleTable(std::vector<model::KpiRule> rules);

  struct Match {
    std::string service;  // "" in rules of a service
    model::SeriesKpi kpi = model::SeriesKpi::kRequests;
    model::SeriesKind kind = model::SeriesKind::kGauge;  // never kAuto
    double scale = 1;
    bool requests_too =
        false;  // of errors: a later rule counts the series as requests of the service as well
  };
  // `hint`: what the protocol says of the series; kAuto = nothing. A bucket of a histogram ("x_bucket") is
  // found by the rule for "x" that is about latency. A template whose label is missing does not fit.
  std::optional<Match> Find(std::string_view metric, Labels labels, model::SeriesKind hint) const;

 private:
  std::optional<Match> FindNamed(std::string_view name, std::string_view metric, Labels labels,
                                 model::SeriesKind hint) const;

  std::vector<model::KpiRule> rules_;
  std::map<std::string, std::vector<size_t>, std::less<>> by_metric_;
};

}  // namespace shadowd::kpi
