#include "control/host_arbiter.h"

#include <catch2/catch.hpp>

#include "require_ok.h"

using namespace shadowd;
using namespace shadowd::control;

TEST_CASE("the quota is shared, and given back") {
  HostArbiter arbiter({.max_shadows = 6, .memory_reserve_bytes = 0, .cpu_pressure_max = 50});
  REQUIRE_OK(arbiter.Grant(model::TrialId("a"), 4));
  CHECK(ReasonOf(arbiter.Grant(model::TrialId("b"), 3)) == "SHADOW_QUOTA");
  REQUIRE_OK(arbiter.Grant(model::TrialId("b"), 2));
  CHECK(arbiter.shadows() == 6);
  arbiter.Release(model::TrialId("a"));
  CHECK(arbiter.shadows() == 2);
  REQUIRE_OK(arbiter.Grant(model::TrialId("c"), 4));
}

TEST_CASE("a host without head-room starts no trial and says what is short") {
  HostArbiter arbiter({.max_shadows = 8, .memory_reserve_bytes = 1e9, .cpu_pressure_max = 50});
  REQUIRE_OK(arbiter.Grant(model::TrialId("unknown-pressure"), 1));
  arbiter.SetPressure({.memory_available_bytes = 5e8, .cpu_some_avg10 = 1});
  CHECK(ReasonOf(arbiter.Grant(model::TrialId("a"), 1)) == "HOST_MEMORY");
  arbiter.SetPressure({.memory_available_bytes = 5e9, .cpu_some_avg10 = 80});
  CHECK(ReasonOf(arbiter.Grant(model::TrialId("a"), 1)) == "HOST_PRESSURE");
  arbiter.SetPressure({.memory_available_bytes = 5e9, .cpu_some_avg10 = -1});
  REQUIRE_OK(arbiter.Grant(model::TrialId("a"), 1));
}

TEST_CASE("a freeze refuses every trial") {
  HostArbiter arbiter({.max_shadows = 8, .memory_reserve_bytes = 0, .cpu_pressure_max = 100});
  arbiter.SetFrozen(true, "maintenance");
  CHECK(ReasonOf(arbiter.Grant(model::TrialId("a"), 1)) == "FROZEN");
  arbiter.SetFrozen(false, "");
  REQUIRE_OK(arbiter.Grant(model::TrialId("a"), 1));
}
