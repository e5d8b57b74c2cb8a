// A good specification, and a check that each way of spoiling it is refused with the field at fault.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "config/validate_service.h"
#include "require_ok.h"

namespace shadowd::config {

using model::ServiceSpec;
using SpoiledFields = std::vector<std::pair<std::string, std::function<void(ServiceSpec&)>>>;

inline ServiceSpec Good() {
  ServiceSpec spec;
  spec.id = model::ServiceId("web");
  spec.mode = model::Mode::kAct;
  spec.instance.argv = {"/bin/web", "--port={port}"};
  spec.instance.environment = {{"ROLE", "{role}"}};
  spec.instance.port_first = 18'000;
  spec.instance.port_last = 18'020;
  spec.bounds.max = 8;
  spec.haproxy = {"/run/haproxy.sock", "web", "127.0.0.1:0", true};
  return spec;
}

inline void RequireRefused(const SpoiledFields& cases) {
  for (const auto& [field, spoil] : cases) {
    ServiceSpec spec = Good();
    spoil(spec);
    const Status status = ValidateService(spec);
    INFO(field << ": " << status.ToString());
    REQUIRE(status.code() == absl::StatusCode::kInvalidArgument);
    REQUIRE(FieldOf(status) == field);
    REQUIRE_FALSE(ReasonOf(status).empty());
    REQUIRE(MessageOf(status).find(field) != std::string::npos);
  }
}

}  // namespace shadowd::config
