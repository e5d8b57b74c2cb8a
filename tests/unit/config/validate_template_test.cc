#include "config/validate_template.h"

#include "spoiled_spec.h"

namespace shadowd::config {
namespace {

using namespace std::chrono_literals;

TEST_CASE("The ranges of a template are enforced by field") {
  RequireRefused(
      {{"instance", [](auto& s) { s.instance = {}; }},
       {"instance.argv", [](auto& s) { s.instance.argv = {}; }},
       {"instance.argv[0]", [](auto& s) { s.instance.argv = {"web"}; }},
       {"instance.argv[1]", [](auto& s) { s.instance.argv[1] = "{prot}"; }},
       {"instance.environment[ROLE]", [](auto& s) { s.instance.environment["ROLE"] = "{rolle}"; }},
       {"instance.environment[1A]", [](auto& s) { s.instance.environment["1A"] = ""; }},
       {"instance.working_dir", [](auto& s) { s.instance.working_dir = "tmp"; }},
       {"instance.address", [](auto& s) { s.instance.address = "localhost"; }},
       {"instance.port_first", [](auto& s) { s.instance.port_first = 0; }},
       {"instance.port_last", [](auto& s) { s.instance.port_last = 17'000; }},
       {"instance.port_last", [](auto& s) { s.instance.port_last = 18'010; }},
       {"instance.readiness.http_path", [](auto& s) { s.instance.readiness.http_path = "health"; }},
       {"instance.readiness.deadline", [](auto& s) { s.instance.readiness.deadline = 0s; }},
       {"instance.readiness.interval", [](auto& s) { s.instance.readiness.interval = 30s; }},
       {"instance.stop_grace", [](auto& s) { s.instance.stop_grace = -1s; }},
       {"instance.output_bytes_max", [](auto& s) { s.instance.output_bytes_max = 1; }}});
}

TEST_CASE("Braces that are no placeholder stay as they are") {
  ServiceSpec spec = Good();
  spec.instance.argv = {"/bin/web", R"({"port": {port}, "x": {}})", "{{not}}", "{", "}"};
  REQUIRE_OK(ValidateService(spec));
}

}  // namespace
}  // namespace shadowd::config
