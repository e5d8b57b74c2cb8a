#include "provider/process_plan.h"

#include <algorithm>

#include "provider/template_text.h"

namespace shadowd::provider {
namespace {

using Values = std::map<std::string, std::string>;

Status Bad(const std::string& field, const std::string& why) {
  return WithField(InvalidArgument("{}: {}", field, why), field);
}

// The id names files and a control group.
Status CheckId(const model::ReplicaId& id) {
  const std::string& text = id.str();
  const bool plain = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
  if (text.empty() || text.size() > 128 || text[0] == '.' || !plain) {
    return Bad("replica", "wants 1 to 128 of [-_.A-Za-z0-9] and no leading dot");
  }
  return {};
}

Status FillArgv(const std::vector<std::string>& texts, const Values& values, const std::string& field,
                std::vector<std::string>& argv) {
  for (size_t i = 0; i < texts.size(); ++i) {
    SHADOWD_ASSIGN_OR_RETURN(std::string word, FillIn(texts[i], values, fmt::format("{}[{}]", field, i)));
    argv.push_back(std::move(word));
  }
  return {};
}

Status FillEnvironment(const Values& texts, const Values& values, const std::string& field,
                       Values& environment) {
  for (const auto& [name, text] : texts) {
    if (name.empty() || name.find_first_of(std::string_view("=\0", 2)) != std::string::npos) {
      return Bad(field, fmt::format("'{}' is no name of a variable", name));
    }
    SHADOWD_ASSIGN_OR_RETURN(environment[name], FillIn(text, values, field + "." + name));
  }
  return {};
}

// A shadow yields to everything else where its class says so, and never outlives its lease, its ttl or its
// shim.
void PlaceReplica(const ReplicaOrder& order, ProcessPlan& plan) {
  if (order.role == model::Role::kInstance) {
    plan.cgroup = "instances/" + order.replica.str();
    return;
  }
  plan.cpu_idle = order.shadow_class.cpu_idle;
  plan.cgroup = (plan.cpu_idle ? "shadows/" : "shadows_full/") + order.replica.str();
  plan.cpu_set = order.shadow_class.cpu_set;
  plan.memory_max_bytes = order.shadow_class.memory_max_bytes;
  plan.record.lease = order.lease;
  plan.ttl = order.ttl;
  plan.die_with_shim = true;
}

}  // namespace

StatusOr<ProcessPlan> PlanProcess(const ReplicaOrder& order, int port) {
  SHADOWD_RETURN_IF_ERROR(CheckId(order.replica));
  const model::InstanceTemplate& instance = order.instance;
  if (instance.argv.empty() || instance.argv[0].empty()) {
    return Bad("instance.argv", "names no program");
  }
  if (instance.address.empty()) {
    return Bad("instance.address", "is empty");
  }
  const Values values = {{"port", std::to_string(port)},
                         {"id", order.replica.str()},
                         {"role", model::RoleName(order.role)},
                         {"version", order.version}};
  ProcessPlan plan;
  SHADOWD_RETURN_IF_ERROR(FillArgv(instance.argv, values, "instance.argv", plan.argv));
  plan.environment["PATH"] = kDefaultPath;
  SHADOWD_RETURN_IF_ERROR(
      FillEnvironment(instance.environment, values, "instance.environment", plan.environment));
  if (order.role == model::Role::kShadow) {
    SHADOWD_RETURN_IF_ERROR(
        FillArgv(order.shadow_class.extra_argv, values, "shadow_class.extra_argv", plan.argv));
    SHADOWD_RETURN_IF_ERROR(FillEnvironment(order.shadow_class.environment, values,
                                            "shadow_class.environment", plan.environment));
  }
  SHADOWD_ASSIGN_OR_RETURN(plan.working_dir, FillIn(instance.working_dir, values, "instance.working_dir"));
  plan.output_bytes_max = instance.output_bytes_max;
  PlaceReplica(order, plan);
  ReplicaRecord& record = plan.record;
  record.key = order.key;
  record.service = order.service;
  record.id = order.replica;
  record.role = order.role;
  record.version = order.version;
  record.port = port;
  record.address = instance.address.find(':') == std::string::npos
                       ? fmt::format("{}:{}", instance.address, port)
                       : fmt::format("[{}]:{}", instance.address, port);
  record.readiness = instance.readiness;
  record.stop_grace = instance.stop_grace;
  record.cgroup = plan.cgroup;
  return plan;
}

}  // namespace shadowd::provider
