#include "kpi/proc.h"

#include <catch2/catch.hpp>

#include "require_ok.h"

namespace shadowd::kpi {
namespace {

const std::string kStat =
    "4711 (web (worker) 1) S 1 4711 4710 0 -1 4194560 1 2 3 4 250 50 7 8 20 0 1 0 987654 1000 200 "
    "18446744073709551615 1";

TEST_CASE("A process's stat is read although its command holds spaces and parentheses") {
  const auto stat = ParseProcStat(kStat);
  REQUIRE_OK(stat);
  CHECK(*stat == ProcStat{4711, "web (worker) 1", 'S', 1, 4711, 4710, 250, 50, 987654});
}

TEST_CASE("A stat that is cut short names the field") {
  const auto field = GENERATE(table<std::string, std::string>({{"", "command"},
                                                               {"4711 (web", "command"},
                                                               {"x (web) S", "field 1"},
                                                               {"4711 (web)", "field 3"},
                                                               {"4711 (web) S 1 2", "field 6"},
                                                               {"4711 (web) S 1 2 x", "field 6"}}));
  const auto stat = ParseProcStat(std::get<0>(field));
  REQUIRE(absl::IsDataLoss(stat.status()));
  CHECK(MessageOf(stat.status()).find(std::get<1>(field)) != std::string::npos);
}

TEST_CASE("Schedstat, statm and meminfo give their numbers, or say what is wrong") {
  CHECK(*ParseSchedStat("93958 293905 1\n") == SchedStat{93958, 293905});
  CHECK(absl::IsDataLoss(ParseSchedStat("93958").status()));
  CHECK(*ParseResidentPages("500 123 4 5 0 6 0\n") == 123);
  CHECK(absl::IsDataLoss(ParseResidentPages("500 -1").status()));
  CHECK(*ParseMemAvailable("MemTotal: 9 kB\nMemFree: 1 kB\nMemAvailable:   2048 kB\n") == 2048 * 1024);
  CHECK(absl::IsDataLoss(ParseMemAvailable("MemTotal: 9 kB\n").status()));
  CHECK(absl::IsDataLoss(ParseMemAvailable("MemAvailable: 18446744073709551615 kB\n").status()));
}

TEST_CASE("cpu.stat is read in either version") {
  CHECK(*ParseCgroupCpu("usage_usec 77\nuser_usec 70\nnr_periods 5\nnr_throttled 2\n") ==
        CgroupCpu{77, 5, 2});
  CHECK(*ParseCgroupCpu("nr_periods 9\nnr_throttled 3\nthrottled_time 1\n") == CgroupCpu{0, 9, 3});
  CHECK(absl::IsDataLoss(ParseCgroupCpu("nothing 1\n").status()));
}

TEST_CASE("A flat key is found by its whole name") {
  CHECK(FindFlatKey("oom 1\noom_kill 3\n", "oom_kill") == 3);
  CHECK_FALSE(FindFlatKey("oom_kill_more 3\n", "oom_kill"));
  CHECK_FALSE(FindFlatKey("oom_kill many\n", "oom_kill"));
}

TEST_CASE("The members of a group are bounded and numbers") {
  CHECK(*ParsePids("12\n0\n34\n") == std::vector<int64_t>{12, 0, 34});
  CHECK(ParsePids("")->empty());
  CHECK(absl::IsDataLoss(ParsePids("12\n-3\n").status()));
  std::string many;
  for (size_t i = 0; i < kMaxPids + 10; ++i) {
    many += "7\n";
  }
  CHECK(ParsePids(many)->size() == kMaxPids);
}

TEST_CASE("A pressure file is read with and without its second line") {
  const std::string some = "some avg10=1.25 avg60=0.15 avg300=1.07 total=21666066\n";
  CHECK(*ParsePressure(some) == Pressure{1.25, 0, 21666066});
  CHECK(*ParsePressure(some + "full avg10=0.50 avg60=0.00 avg300=0.00 total=3\n") ==
        Pressure{1.25, 0.5, 21666066});
  CHECK(absl::IsDataLoss(ParsePressure("full avg10=0.50 avg60=0.00 avg300=0.00 total=3\n").status()));
  CHECK(absl::IsDataLoss(ParsePressure("some avg10=x\n").status()));
}

TEST_CASE("Mounts of both cgroup versions are told apart, and cpu from cpuacct") {
  const std::string hybrid =
      "proc /proc proc rw 0 0\n"
      "cgroup /sys/fs/cgroup/cpuacct cgroup rw,relatime,cpuacct 0 0\n"
      "cgroup /sys/fs/cgroup/cpu cgroup rw,relatime,cpu 0 0\n"
      "cgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\n"
      "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n";
  CHECK(ParseCgroupMounts(hybrid) ==
        CgroupMounts{"/sys/fs/cgroup/unified", "/sys/fs/cgroup/cpu", "/sys/fs/cgroup/memory"});
  CHECK(ParseCgroupMounts("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n") ==
        CgroupMounts{"/sys/fs/cgroup", "", ""});
  CHECK(ParseCgroupMounts("") == CgroupMounts{});
}

}  // namespace
}  // namespace shadowd::kpi
