// What a durable change costs: batches of one decision each, committed in groups of 1, 10 and 100 (a group is
// sent, then its last acknowledgement is awaited), and demand alone, which waits for no disk. On a directory
// given by --directory, by default under /var/tmp, since /tmp is often memory.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include "store/store.h"

namespace shadowd::store {
namespace {

using Clock = std::chrono::steady_clock;

struct Result {
  std::string name;
  size_t group = 0;
  size_t batches = 0;
  double seconds = 0;
  double us_per_commit() const { return seconds * 1e6 / static_cast<double>(batches); }
  double rows_per_second() const { return static_cast<double>(batches) / seconds; }
};

model::Decision SomeDecision(int number) {
  model::Decision decision;
  decision.id = model::DecisionId(fmt::format("web-d{}", number));
  decision.service = model::ServiceId("web");
  decision.kind = model::DecisionKind::kConfirmed;
  decision.state = model::DecisionState::kApplied;
  decision.from = 3;
  decision.planned = decision.to = 4;
  decision.reason = "level 4 holds at 430 requests/s: p95 41 ms, at most 55 ms, limit 100 ms; 3 does not";
  decision.create_time = WallFromMicros(1'700'000'000'000'000 + number);
  decision.arms.resize(4);
  for (model::Arm& arm : decision.arms) {
    arm.verdict.kpis.resize(5);
    arm.verdict.reason = "p95 within tolerance after 900 requests";
  }
  return decision;
}

ports::Mutation Change(bool demand, int number) {
  const model::ServiceId web("web");
  if (demand) {
    return {web, ports::DemandRecorded{WallFromMicros(1'700'000'000'000'000 + number * 1'000'000LL), 100.0}};
  }
  return {web, SomeDecision(number)};
}

StatusOr<Result> Measure(Store& store, bool demand, size_t group, std::chrono::milliseconds budget) {
  Result result{demand ? "demand" : "decision", group};
  static int number = 0;
  const auto start = Clock::now();
  while (Clock::now() - start < budget) {
    std::promise<Status> last;
    for (size_t i = 0; i < group; ++i) {
      const bool is_last = i + 1 == group;
      SHADOWD_RETURN_IF_ERROR(
          store.Commit({Change(demand, ++number)}, [&, is_last](const StatusOr<int64_t>& revision) {
            if (is_last) {
              last.set_value(revision.status());
            }
          }));
    }
    SHADOWD_RETURN_IF_ERROR(last.get_future().get());
    result.batches += group;
  }
  result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return result;
}

StatusOr<std::vector<Result>> MeasureAll(const std::string& directory) {
  SHADOWD_ASSIGN_OR_RETURN(const std::unique_ptr<Store> store, Store::Open({.directory = directory}));
  std::vector<Result> results;
  for (const bool demand : {false, true}) {
    for (const size_t group : {1, 10, 100}) {
      SHADOWD_ASSIGN_OR_RETURN(Result result,
                               Measure(*store, demand, group, std::chrono::milliseconds(1500)));
      results.push_back(std::move(result));
    }
  }
  return results;
}

void Print(const std::vector<Result>& results, bool json) {
  if (!json) {
    for (const Result& r : results) {
      fmt::print("{:9} group {:3}: {:9.1f} us per commit {:9.0f} rows/s\n", r.name, r.group,
                 r.us_per_commit(), r.rows_per_second());
    }
    return;
  }
  std::string list;
  for (const Result& r : results) {
    list += fmt::format(
        "{}{{\"name\": \"{}\", \"group\": {}, \"us_per_commit\": {:.2f}, \"rows_per_second\": {:.0f}}}",
        list.empty() ? "" : ", ", r.name, r.group, r.us_per_commit(), r.rows_per_second());
  }
  fmt::print("{{\"results\": [{}]}}\n", list);
}

int Run(int argc, char** argv) {
  bool json = false;
  std::string parent = "/var/tmp";
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) {
      json = true;
    } else if (std::strcmp(argv[i], "--directory") == 0 && i + 1 < argc) {
      parent = argv[++i];
    } else {
      fmt::print(stderr, "usage: bench_store [--json] [--directory DIRECTORY]\n");
      return 2;
    }
  }
  const std::string directory = fmt::format("{}/bench-store-{}", parent, getpid());
  const StatusOr<std::vector<Result>> results = MeasureAll(directory);
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  if (!results.ok()) {
    fmt::print(stderr, "bench_store: {}\n", MessageOf(results.status()));
    return 1;
  }
  Print(*results, json);
  return 0;
}

}  // namespace
}  // namespace shadowd::store

int main(int argc, char** argv) {
  return shadowd::store::Run(argc, argv);
}
