// Ready-made queries and rules for well-known exporters: HAProxy's own, nginx's (nginx-prometheus-exporter),
// Envoy's, cAdvisor and the node exporter. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/telemetry.h"

namespace shadowd::model {

// The queries of a preset for the series that the selector leaves; nothing for a name that is not known.
std::optional<KpiQueries> PresetQueries(std::string_view name, const std::string& selector);
// "haproxy, nginx, ...": for messages.
std::string QueryPresetNames();

// The same as rules for a page that is scraped. Nothing for a name that is not known.
std::optional<std::vector<KpiRule>> PresetRules(std::string_view name);
std::string RulePresetNames();

// What a source asks: its own queries, and where one is empty that of the first preset which has it.
KpiQueries QueriesOf(const PrometheusSource& source);

// A source's own rules, then those of its preset.
std::vector<KpiRule> RulesOf(const ScrapeSource& source);

}  // namespace shadowd::model
