// Measures the forecast on public data: M4's hourly series with their last 48 steps held out, real traces
// from rolling origins beside what R's `forecast` package scores on them, and the cost of one observation
// and of a service's memory; and says of each claim whether it holds. --validation scores the split that
// models are tuned on, which lies before everything that is scored without it. --json prints one object.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "bench/forecast_claims.h"
#include "bench/forecast_runs.h"
#include "ctl/table.h"
#include "input/input_file.h"
#include "lab/answer.h"
#include "lab/trace_file.h"

namespace shadowd::bench {
namespace {

constexpr const char* kSingle = "stlf_ets";

struct Arguments {
  std::vector<std::string> parts, only;
  std::string m4, traces, peers;
  bool validation = false, json = false, peers_given = false;

  bool Wants(const std::string& part) const {
    return parts.empty() || std::find(parts.begin(), parts.end(), part) != parts.end();
  }
  Split split() const { return validation ? Split::kValidation : Split::kFinal; }
};

struct TraceResult {
  TraceFigures figures;
  lab::Evaluation evaluation;
};

struct Results {
  std::vector<std::pair<std::string, lab::Evaluation>> series;  // by how their seasons are known
  std::vector<TraceResult> traces;
  std::vector<ForecastClaim> claims;
};

double CpuNow() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

Status RunM4(const Arguments& a, Results& results) {
  SHADOWD_ASSIGN_OR_RETURN(const std::string text, input::ReadInput(a.m4));
  SHADOWD_ASSIGN_OR_RETURN(const auto series, lab::ParseSeries(text, a.m4));
  SHADOWD_ASSIGN_OR_RETURN(const lab::HeldOut data, SplitSeries(series, a.split()));
  const std::pair<const char*, std::vector<int>> ways[] = {{"seasons found", {}},
                                                           {"seasons 24 and 168 given", {24, 168}}};
  for (const auto& [way, seasons] : ways) {
    SHADOWD_ASSIGN_OR_RETURN(const lab::Evaluation evaluation, RunSeries(data, seasons, CpuNow));
    results.series.emplace_back(way, evaluation);
    const SeriesFigures figures{evaluation.owa.value_or(0), evaluation.scores.msis.value_or(0),
                                evaluation.scores.coverage, evaluation.seconds_per_forecast};
    for (ForecastClaim& claim : JudgeSeries(figures)) {
      claim.name += fmt::format(", {}", way);
      results.claims.push_back(std::move(claim));
    }
  }
  return absl::OkStatus();
}

StatusOr<std::vector<std::filesystem::path>> TraceFiles(const Arguments& a) {
  std::vector<std::filesystem::path> files;
  std::error_code fault;
  for (const auto& entry : std::filesystem::directory_iterator(a.traces, fault)) {
    const std::string name = entry.path().filename().string(), stem = input::StemOf(name);
    const bool csv = name.ends_with(".csv") || name.ends_with(".csv.gz");
    const bool wanted = a.only.empty() || std::find(a.only.begin(), a.only.end(), stem) != a.only.end();
    if (csv && wanted && !name.starts_with("M4-")) {
      files.push_back(entry.path());
    }
  }
  if (files.empty()) {
    return NotFound("no traces in '{}' (--traces, or SHADOWD_DATA/traces)", a.traces);
  }
  std::sort(files.begin(), files.end());
  return files;
}

struct Peers {
  PeerTable single, best;
};

// The scores that come with the data are those of the final split.
StatusOr<Peers> ReadPeers(const Arguments& a) {
  Peers peers;
  if (a.validation && !a.peers_given) {
    return peers;
  }
  const std::string all = a.peers + "/r_shared.csv", best = a.peers + "/r_best_shared.csv";
  SHADOWD_ASSIGN_OR_RETURN(const std::string all_text, input::ReadInput(all));
  SHADOWD_ASSIGN_OR_RETURN(peers.single, ParsePeers(all_text, all, kSingle));
  SHADOWD_ASSIGN_OR_RETURN(const std::string best_text, input::ReadInput(best));
  SHADOWD_ASSIGN_OR_RETURN(peers.best, ParseBestPeers(best_text, best));
  return peers;
}

std::optional<PeerScores> Find(const PeerTable& table, const std::string& trace) {
  const auto found = table.find(trace);
  return found == table.end() ? std::nullopt : std::optional(found->second);
}

Status RunTraces(const Arguments& a, Results& results) {
  SHADOWD_ASSIGN_OR_RETURN(const auto files, TraceFiles(a));
  SHADOWD_ASSIGN_OR_RETURN(const Peers peers, ReadPeers(a));
  std::vector<TraceFigures> all;
  for (const std::filesystem::path& file : files) {
    SHADOWD_ASSIGN_OR_RETURN(const std::string text, input::ReadInput(file.string()));
    SHADOWD_ASSIGN_OR_RETURN(sim::Trace trace, lab::ParseTrace(text, file.string()));
    trace.name = input::StemOf(file.string());
    SHADOWD_ASSIGN_OR_RETURN(const lab::Evaluation evaluation,
                             lab::EvaluateTrace(PartOf(trace, a.split()), {}, CpuNow));
    const forecast::Scores& s = evaluation.scores;
    all.push_back({trace.name, s.origins, s.mase.value_or(0), s.msis.value_or(0), s.coverage, s.peak_coverage,
                   s.mean_upper_margin.value_or(0), Find(peers.single, trace.name),
                   Find(peers.best, trace.name)});
    results.traces.push_back({all.back(), evaluation});
    fmt::print(stderr, "{}: MASE {:.3f} MSIS {:.2f}\n", trace.name, all.back().mase, all.back().msis);
  }
  const std::vector<ForecastClaim> claims = JudgeTraces(all);
  results.claims.insert(results.claims.end(), claims.begin(), claims.end());
  return absl::OkStatus();
}

std::string Beside(double own, const std::optional<PeerScores>& peer, double PeerScores::*score) {
  return peer ? fmt::format("{:.3f}{}", (*peer).*score, own <= (*peer).*score ? "" : " !") : "-";
}

// Ours over R's single method, geometric means over the traces.
std::string RatioText(const Results& results) {
  double mase = 0, msis = 0, cpu = 0, count = 0;
  for (const auto& [f, e] : results.traces) {
    if (f.single && std::min({f.mase, f.msis, e.seconds_per_forecast, f.single->mase, f.single->msis,
                              f.single->seconds}) > 0) {
      mase += std::log(f.mase / f.single->mase);
      msis += std::log(f.msis / f.single->msis);
      cpu += std::log(e.seconds_per_forecast / f.single->seconds);
      ++count;
    }
  }
  return count == 0
             ? ""
             : fmt::format("\nOurs over R's {} on {} traces: MASE x{:.3f}, MSIS x{:.3f}, CPU x{:.3f}\n",
                           kSingle, count, std::exp(mase / count), std::exp(msis / count),
                           std::exp(cpu / count));
}

std::string ToText(const Results& results) {
  std::string text;
  for (const auto& [way, e] : results.series) {
    const forecast::Scores& s = e.scores;
    text += fmt::format(
        "M4 hourly, {} series, {}: OWA {:.4f}, sMAPE {:.3f} %, MASE {:.4f}, MSIS {:.3f}, coverage {:.4f}, "
        "peak "
        "coverage {:.4f} at a margin of {:.1f} %, {:.2f} ms of CPU a series\n",
        e.series, way, e.owa.value_or(0), s.smape, s.mase.value_or(0), s.msis.value_or(0), s.coverage,
        s.peak_coverage, 100 * s.mean_upper_margin.value_or(0), 1e3 * e.seconds_per_forecast);
  }
  std::vector<ctl::Row> rows;
  for (const auto& [f, e] : results.traces) {
    rows.push_back({f.trace, fmt::format("{:.3f}", f.mase), Beside(f.mase, f.single, &PeerScores::mase),
                    Beside(f.mase, f.best, &PeerScores::mase), fmt::format("{:.3f}", f.msis),
                    Beside(f.msis, f.single, &PeerScores::msis), Beside(f.msis, f.best, &PeerScores::msis),
                    fmt::format("{:.3f}", f.coverage), fmt::format("{:.2f}", f.peak_coverage),
                    fmt::format("{:.1f}", 100 * f.margin), fmt::format("{:.2f}", e.plan_peak_coverage),
                    fmt::format("{:.1f}", 100 * e.plan_peak_margin.value_or(0)),
                    fmt::format("{:.1f}", 1e3 * e.seconds_per_forecast)});
  }
  if (!rows.empty()) {
    text += "\nR: single is " + std::string(kSingle) +
            ", best the best per trace in hindsight; ! where ours is "
            "above\n" +
            ctl::Table({"TRACE", "MASE", "R SINGLE", "R BEST", "MSIS", "R SINGLE", "R BEST", "COVERAGE",
                        "PEAKS", "MARGIN %", "PLAN PEAKS", "MARGIN %", "CPU MS"},
                       rows);
  }
  text += RatioText(results);
  text += "\n";
  for (const ForecastClaim& claim : results.claims) {
    text += fmt::format("{:<6} {}: {} ({})\n", claim.met ? "met" : "MISSED", claim.name, claim.meaning,
                        claim.figures);
  }
  return text;
}

nlohmann::ordered_json ToJson(const std::optional<PeerScores>& peer) {
  return peer ? nlohmann::ordered_json{{"mase", peer->mase}, {"msis", peer->msis}} : nlohmann::ordered_json();
}

nlohmann::ordered_json ToJson(const Results& results, bool validation) {
  nlohmann::ordered_json json = {{"split", validation ? "validation" : "final"},
                                 {"m4", nlohmann::ordered_json::object()},
                                 {"traces", nlohmann::ordered_json::array()},
                                 {"claims", nlohmann::ordered_json::array()}};
  for (const auto& [way, evaluation] : results.series) {
    json["m4"][way] = lab::ToJson(evaluation);
  }
  for (const auto& [figures, evaluation] : results.traces) {
    nlohmann::ordered_json row = lab::ToJson(evaluation);
    row["trace"] = figures.trace;
    row["r_single"] = ToJson(figures.single);
    row["r_best"] = ToJson(figures.best);
    json["traces"].push_back(std::move(row));
  }
  for (const ForecastClaim& claim : results.claims) {
    json["claims"].push_back({{"claim", claim.name},
                              {"meaning", claim.meaning},
                              {"verdict", claim.met ? "met" : "MISSED"},
                              {"figures", claim.figures}});
  }
  return json;
}

Status Run(const Arguments& a, Results& results) {
  if (a.Wants("m4")) {
    SHADOWD_RETURN_IF_ERROR(RunM4(a, results));
  }
  if (a.Wants("traces")) {
    SHADOWD_RETURN_IF_ERROR(RunTraces(a, results));
  }
  if (a.Wants("speed")) {
    results.claims.push_back(JudgeUpdate(UpdateSeconds(CpuNow)));
    results.claims.push_back(JudgeMemory(MemoryBytes()));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace shadowd::bench

int main(int argc, char** argv) {
  using namespace shadowd::bench;
  Arguments a;
  const char* data = std::getenv("SHADOWD_DATA");
  const std::string folder = data != nullptr && *data != '\0' ? data : ".";
  a.m4 = folder + "/traces/M4-hourly-train.csv.gz";
  a.traces = folder + "/traces";
  a.peers = folder + "/../peers";
  CLI::App app("Scores the forecast on public data and judges what it is to show.", "bench_forecast");
  app.add_option("part", a.parts, "m4, traces or speed; all of them by default")
      ->check(CLI::IsMember({"m4", "traces", "speed"}));
  app.add_option("--m4", a.m4,
                 "M4's hourly training series; SHADOWD_DATA/traces/M4-hourly-train.csv.gz by default");
  app.add_option("--traces", a.traces, "Folder of traces; SHADOWD_DATA/traces by default");
  app.add_option("--peers", a.peers, "Folder of R's scores on them; SHADOWD_DATA/../peers by default");
  app.add_option("--only", a.only, "Names of the traces to run");
  app.add_flag("--validation", a.validation, "The split that models are tuned on");
  app.add_flag("--json", a.json, "One JSON object on standard output");
  CLI11_PARSE(app, argc, argv);
  a.peers_given = app.count("--peers") > 0;
  Results results;
  if (const shadowd::Status status = Run(a, results); !status.ok()) {
    fmt::print(stderr, "bench_forecast: {}\n", shadowd::MessageOf(status));
    return 1;
  }
  fmt::print("{}", a.json ? ToJson(results, a.validation).dump(2) + "\n" : ToText(results));
  return 0;
}
