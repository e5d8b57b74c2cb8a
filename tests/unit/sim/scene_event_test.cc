#include <catch2/catch.hpp>

#include "require_ok.h"
#include "sim/trace.h"

namespace shadowd::sim {
namespace {

using namespace std::chrono_literals;

TEST_CASE("every kind of event is read in its form") {
  const auto parse = [](const char* text) {
    const StatusOr<SceneEvent> event = ParseSceneEvent(text, 48h);
    REQUIRE_OK(event);
    return *event;
  };
  CHECK(parse("deploy:50%:+30%") == SceneEvent{SceneEventKind::kDeploy, 24h, 1.3, {}});
  CHECK(parse("flash:6h:x2:10m") == SceneEvent{SceneEventKind::kFlash, 6h, 2, 10min});
  CHECK(parse("shift:90m:-20%") == SceneEvent{SceneEventKind::kShift, 90min, 0.8, {}});
  CHECK(parse("failure:3600s:2") == SceneEvent{SceneEventKind::kFailure, 1h, 2, {}});
  CHECK(parse("outage:0%:15m") == SceneEvent{SceneEventKind::kOutage, 0s, 1, 15min});
  CHECK(parse("deploy:1.5h:x1.25").at == 90min);
  CHECK(parse("shift:1d:+100%").size == 2);
}

TEST_CASE("wrong events are refused with the part and what is allowed") {
  const auto [text, words] = GENERATE(table<std::string, std::string>({
      {"", "kind is \"\": allowed are deploy, flash"},
      {"reboot:50%:2", "kind is \"reboot\": allowed are deploy, flash, shift, failure and outage"},
      {"deploy", "write it as deploy:AT:+30%"},
      {"deploy:50%", "write it as deploy:AT:+30%"},
      {"deploy:50%:+30%:10m", "wrong number of parts"},
      {"flash:50%:x2", "write it as flash:AT:x2:10m"},
      {"deploy:noon:+30%", "AT is \"noon\": allowed are a share of the play such as 50%"},
      {"deploy:50:+30%", "AT is \"50\""},
      {"deploy:-1h:+30%", "AT is \"-1h\""},
      {"deploy::+30%", "AT is \"\""},
      {"deploy:48h:+30%", "outside of what is played: that is 48 h long"},
      {"deploy:100%:+30%", "outside of what is played"},
      {"deploy:999999999%:+30%", "outside of what is played"},
      {"deploy:50%:30%", "size is \"30%\": allowed is a change such as +30%"},
      {"deploy:50%:+30", "size is \"+30\""},
      {"deploy:50%:-100%", "size is \"-100%\""},
      {"deploy:50%:x0", "size is \"x0\""},
      {"deploy:50%:xnan", "size is \"xnan\""},
      {"deploy:50%:+-30%", "size is \"+-30%\""},
      {"failure:50%:0", "instances are \"0\": allowed is a whole number"},
      {"failure:50%:1.5", "instances are \"1.5\""},
      {"outage:50%:0m", "duration is \"0m\""},
      {"flash:50%:x2:long", "duration is \"long\": allowed is a time such as 10m"},
  }));
  const Status status = ParseSceneEvent(text, 48h).status();
  INFO(text << " -> " << status.ToString());
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(std::string(status.message()).find(words) != std::string::npos);
  CHECK(FieldOf(status) == "event");
}

}  // namespace
}  // namespace shadowd::sim
