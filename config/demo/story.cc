#include "story.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>

namespace shadowd::demo {

using nlohmann::json;

namespace {

StatusOr<json> ReadJson(const std::string& path) {
  std::ifstream file(path);
  json value = json::parse(file, nullptr, false);
  if (!file || value.is_discarded()) {
    return FailedPrecondition("{} cannot be read as JSON", path);
  }
  return value;
}

StatusOr<json> ReadList(const std::string& directory, const std::string& noun) {
  SHADOWD_ASSIGN_OR_RETURN(json value, ReadJson(directory + "/" + noun + ".json"));
  json list = value.value(noun, json::array());
  // The API lists the newest first; a story begins at the beginning.
  std::stable_sort(list.begin(), list.end(), [](const json& a, const json& b) {
    return a.value("create_time", a.value("time", "")) < b.value("create_time", b.value("time", ""));
  });
  return list;
}

double Number(const json& object, const char* name) {  // 64-bit integers are strings in protobuf's JSON
  const auto found = object.find(name);
  if (found == object.end()) {
    return 0;
  }
  return found->is_string() ? std::strtod(found->get<std::string>().c_str(), nullptr) : found->get<double>();
}

double Sum(const json& list, const char* name) {
  double sum = 0;
  for (const json& item : list) {
    sum += Number(item, name);
  }
  return sum;
}

// From the daemon's log: how long instances were in the balancer, all together.
double ServingSeconds(const std::string& path) {
  std::ifstream file(path);
  std::map<std::string, double> since;
  double total = 0, last = 0;
  for (std::string line; std::getline(file, line);) {
    int hour = 0, minute = 0;
    double second = 0;
    if (line.size() < 23 || std::sscanf(line.c_str() + 11, "%2d:%2d:%lf", &hour, &minute, &second) != 3) {
      continue;
    }
    const double at = hour * 3600 + minute * 60 + second;
    last = at + (at < last ? 86'400 : 0);  // over midnight
    const size_t name = line.find("instance=");
    if (name == std::string::npos) {
      continue;
    }
    const std::string id = line.substr(name, line.find(' ', name) - name);
    if (line.find("to=SERVING") != std::string::npos) {
      since[id] = last;
    } else if (line.find("from=SERVING") != std::string::npos) {
      total += last - since[id];
      since.erase(id);
    }
  }
  for (const auto& [id, start] : since) {
    total += last - start;
  }
  return total;
}

void ReadUsers(const std::string& path, Story& story) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const json second = json::parse(line, nullptr, false);
    if (second.is_discarded()) {
      continue;
    }
    Story::Second read;
    read.time = Number(second, "t");
    read.sent = static_cast<long>(Number(second, "sent"));
    read.ok = static_cast<long>(Number(second, "ok"));
    read.errors = static_cast<long>(Number(second, "errors"));
    read.p95_ms = Number(second, "p95_us") / 1000;
    read.expected_rps = Number(second, "expected_rps");
    read.over_slo = read.p95_ms > story.slo_ms || read.errors * 100 > read.sent;
    story.users.push_back(read);
  }
}

}  // namespace

StatusOr<Story> ReadStory(const std::string& directory, double slo_ms) {
  Story story;
  story.slo_ms = slo_ms;
  SHADOWD_ASSIGN_OR_RETURN(story.decisions, ReadList(directory, "decisions"));
  SHADOWD_ASSIGN_OR_RETURN(story.trials, ReadList(directory, "trials"));
  SHADOWD_ASSIGN_OR_RETURN(story.shadows, ReadList(directory, "shadows"));
  SHADOWD_ASSIGN_OR_RETURN(story.models, ReadList(directory, "models"));
  SHADOWD_ASSIGN_OR_RETURN(story.costs, ReadList(directory, "costs"));
  SHADOWD_ASSIGN_OR_RETURN(const json forecasts, ReadJson(directory + "/forecasts.json"));
  story.forecast =
      forecasts.value("forecasts", json::array()).empty() ? json::object() : forecasts["forecasts"][0];
  ReadUsers(directory + "/client.jsonl", story);
  if (story.users.empty()) {
    return FailedPrecondition("{}/client.jsonl holds no second of traffic", directory);
  }
  story.production_seconds = ServingSeconds(directory + "/shadowd.log");
  std::ifstream left(directory + "/left.txt");
  if (!(left >> story.shadows_left >> story.instances_left)) {
    return FailedPrecondition("{}/left.txt does not say what was left running", directory);
  }
  return story;
}

int CountKind(const Story& story, const std::string& kind, int direction) {
  return static_cast<int>(
      std::count_if(story.decisions.begin(), story.decisions.end(), [&](const json& decision) {
        const double change = Number(decision, "to") - Number(decision, "from");
        const bool wanted = direction == 0 || (direction > 0 && change > 0) || (direction < 0 && change < 0);
        return decision.value("kind", "") == kind && wanted;
      }));
}

double ViolationSeconds(const Story& story) {
  return static_cast<double>(std::count_if(story.users.begin(), story.users.end(),
                                           [](const Story::Second& second) { return second.over_slo; }));
}

json Report(const Story& story) {
  json decisions = json::array();
  for (const json& decision : story.decisions) {
    decisions.push_back({{"verdict", decision.value("kind", "")},
                         {"state", decision.value("state", "")},
                         {"trigger", decision.value("trigger", json::object()).value("kind", "")},
                         {"from", Number(decision, "from")},
                         {"planned", Number(decision, "planned")},
                         {"to", Number(decision, "to")},
                         {"reason", decision.value("reason", "")},
                         {"lead_seconds", Number(decision, "lead_seconds")}});
  }
  int retrains = 0;
  for (const json& model : story.models) {
    retrains += model.value("cause", "") == "TRIAL" ? 1 : 0;
  }
  return {
      {"trials", story.trials.size()},
      {"decisions", decisions},
      {"confirmed", CountKind(story, "CONFIRMED", 0)},
      {"adjusted", CountKind(story, "ADJUSTED", 0)},
      {"rejected", CountKind(story, "REJECTED", 0)},
      {"inconclusive", CountKind(story, "INCONCLUSIVE", 0)},
      {"shadows_started", story.shadows.size()},
      {"shadows_left", story.shadows_left},
      {"mirrored_requests", Sum(story.trials, "mirrored_requests")},
      {"synthetic_requests", Sum(story.trials, "synthetic_requests")},
      {"retrains", retrains},
      {"slo_violation_seconds", ViolationSeconds(story)},
      {"production_instance_seconds", story.production_seconds},
      {"shadow_instance_seconds", Sum(story.trials, "shadow_seconds")},
      {"forecast",
       {{"coverage", Number(story.forecast, "coverage_so_far")}, {"mase", Number(story.forecast, "mase")}}}};
}

}  // namespace shadowd::demo
