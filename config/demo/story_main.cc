// demo-story: tells what happened in a run of the demo and writes the report.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

#include "tell.h"

int main(int argc, char** argv) {
  using namespace shadowd;
  std::string directory, baseline, report;
  double slo_ms = 100;
  CLI::App app("Tells the story of a run of shadowd's demo; exits with 1 when the loop did not close");
  app.add_option("DIRECTORY", directory, "What run.sh collected")->required()->check(CLI::ExistingDirectory);
  app.add_option("--baseline", baseline, "The same, of the run with forecast only")
      ->check(CLI::ExistingDirectory);
  app.add_option("--report", report, "Write the figures as JSON to this file");
  app.add_option("--slo-ms", slo_ms, "Limit of p95")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  StatusOr<demo::Story> story = demo::ReadStory(directory, slo_ms);
  StatusOr<demo::Story> other =
      baseline.empty() ? StatusOr<demo::Story>(demo::Story()) : demo::ReadStory(baseline, slo_ms);
  for (const Status& status : {story.status(), other.status()}) {
    if (!status.ok()) {
      std::fprintf(stderr, "demo-story: %s\n", MessageOf(status).c_str());
      return 1;
    }
  }
  demo::Tell(*story);
  nlohmann::json figures = demo::Report(*story);
  if (!baseline.empty()) {
    demo::TellComparison(*story, *other);
    figures["forecast_only"] = demo::Report(*other);
  }
  if (!report.empty()) {
    std::ofstream file(report);
    file << figures.dump(2) << "\n";
    if (!file) {
      std::fprintf(stderr, "demo-story: cannot write %s\n", report.c_str());
      return 1;
    }
  }
  const std::vector<std::string> missing = demo::Missing(*story);
  for (const std::string& what : missing) {
    std::printf("NOT SHOWN: %s\n", what.c_str());
  }
  std::printf("%s\n", missing.empty() ? "The loop closed: forecast, shadows, verdict, action, retraining."
                                      : "The loop did not close.");
  return missing.empty() ? 0 : 1;
}
