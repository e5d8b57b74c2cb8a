#include "lab/scene_file.h"

#include <fmt/format.h>

#include <fstream>

#include "require_ok.h"
#include "small_scene.h"
#include "unit/store/temp_directory.h"

namespace shadowd::lab {

TEST_CASE("a scene is read from a trace and the service that comes with the program") {
  const TempDirectory directory;
  {
    std::ofstream csv(directory / "small.csv");
    csv << "time,rps\n";
    for (const sim::TraceSample& sample : SmallHistory()) {
      csv << fmt::format("{},{}\n", ToMicros(sample.at) / 1'000'000, sample.rps);
    }
  }
  SceneArguments arguments;
  arguments.trace = directory / "small.csv";
  arguments.options.events = {"deploy:50%:+30%"};
  arguments.metric_delay_seconds = 5;
  const auto scene = ReadScene(arguments);
  REQUIRE_OK(scene);
  CHECK(scene->trace.name == "small");
  CHECK(scene->spec.id.str() == "shop");
  CHECK(scene->start_up == scene->spec.lead_time_prior);
  CHECK(scene->metric_delay == std::chrono::seconds(5));
  CHECK(scene->plant.cpu_ms == scene->plant.service_ms);
  CHECK(scene->events.size() == 1);
  arguments.start_up_seconds = 7;
  CHECK(ReadScene(arguments)->start_up == std::chrono::seconds(7));
  arguments.service = directory / "none.yaml";
  CHECK(absl::IsNotFound(ReadScene(arguments).status()));
}

}  // namespace shadowd::lab
