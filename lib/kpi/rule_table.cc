#include "kpi/rule_table.h"

#include <algorithm>
#include <utility>

namespace shadowd::kpi {
namespace {

using model::SeriesKind;

constexpr std::string_view kBucket = "_bucket";
constexpr size_t kServiceBytesMax = 63;

SeriesKind KindByName(std::string_view metric) {
  if (metric.ends_with(kBucket)) {
    return SeriesKind::kHistogram;
  }
  return metric.ends_with("_total") || metric.ends_with("_count") || metric.ends_with("_sum")
             ? SeriesKind::kCounter
             : SeriesKind::kGauge;
}

bool Fits(const model::KpiRule& rule, Labels labels) {
  return std::all_of(rule.labels.begin(), rule.labels.end(), [labels](const auto& wanted) {
    const std::string_view value = ValueOf(labels, wanted.first);
    return !value.empty() && (wanted.second == "*" || value == wanted.second);
  });
}

// The service that a template names; nothing where a label is missing.
std::optional<std::string> Filled(const std::string& text, Labels labels) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t open = std::min(text.find('{', at), text.size());
    out.append(text, at, open - at);
    if (open == text.size()) {
      break;
    }
    const size_t close = std::min(text.find('}', open), text.size());
    const std::string_view value = ValueOf(labels, std::string_view(text).substr(open + 1, close - open - 1));
    if (value.empty()) {
      return std::nullopt;
    }
    out += value;
    at = close + 1;
  }
  return out.size() <= kServiceBytesMax ? std::optional(out) : std::nullopt;
}

}  // namespace

std::string_view ValueOf(Labels labels, std::string_view name) {
  const auto found =
      std::find_if(labels.begin(), labels.end(), [name](const Label& label) { return label.name == name; });
  return found == labels.end() ? std::string_view() : found->value;
}

RuleTable::RuleTable(std::vector<model::KpiRule> rules) : rules_(std::move(rules)) {
  for (size_t i = 0; i < rules_.size(); ++i) {
    by_metric_[rules_[i].metric].push_back(i);
  }
}

std::optional<RuleTable::Match> RuleTable::FindNamed(std::string_view name, std::string_view metric,
                                                     Labels labels, SeriesKind hint) const {
  const auto found = by_metric_.find(name);
  if (found == by_metric_.end()) {
    return std::nullopt;
  }
  std::optional<Match> first;
  for (const size_t i : found->second) {
    const model::KpiRule& rule = rules_[i];
    if (first && rule.kpi != model::SeriesKpi::kRequests) {
      continue;
    }
    if ((name != metric && rule.kpi != model::SeriesKpi::kLatency) || !Fits(rule, labels)) {
      continue;
    }
    auto service = Filled(rule.service, labels);
    if (!service) {
      continue;
    }
    if (first) {
      first->requests_too = *service == first->service;
      break;
    }
    const SeriesKind told = hint == SeriesKind::kAuto ? KindByName(metric) : hint;
    first = Match{*std::move(service), rule.kpi, rule.kind == SeriesKind::kAuto ? told : rule.kind,
                  rule.scale, false};
    if (rule.kpi != model::SeriesKpi::kErrors && rule.kpi != model::SeriesKpi::kLatency) {
      break;
    }
  }
  return first;
}

std::optional<RuleTable::Match> RuleTable::Find(std::string_view metric, Labels labels,
                                                SeriesKind hint) const {
  if (metric.ends_with(kBucket)) {
    const std::string_view base = metric.substr(0, metric.size() - kBucket.size());
    if (auto match = FindNamed(base, metric, labels, SeriesKind::kHistogram)) {
      match->kind = SeriesKind::kHistogram;
      return match;
    }
  }
  return FindNamed(metric, metric, labels, hint);
}

}  // namespace shadowd::kpi
