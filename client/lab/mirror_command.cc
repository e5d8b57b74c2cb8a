#include "lab/mirror_command.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "ctl/table.h"
#include "input/input_file.h"
#include "lab/load_target.h"

namespace shadowd::lab {
namespace {

using Json = nlohmann::ordered_json;

std::atomic<bool> stopped{false};

std::vector<std::pair<std::string, uint64_t>> Dropped(const io::MirrorResult& r) {
  return {{"tap", r.counts.dropped_by_tap},  {"parse", r.counts.parse_lost},
          {"fragments", r.counts.fragments}, {"queue", r.counts.dropped_by_queue},
          {"rate_cap", r.dropped_by_cap},    {"evicted_flows", r.counts.evicted_flows}};
}

series::Histogram AllLatencies(const io::MirrorResult& r) {
  series::Histogram all;
  for (const load::RunCounts& place : r.places) {
    all.Merge(place.latency);
  }
  return all;
}

Json LatencyJson(const series::Histogram& h) {
  return {{"p50", h.ValueAtQuantile(0.5)},
          {"p90", h.ValueAtQuantile(0.9)},
          {"p99", h.ValueAtQuantile(0.99)},
          {"p999", h.ValueAtQuantile(0.999)},
          {"max", h.Max()}};
}

Json Errors(const load::RunCounts& place) {
  Json errors = Json::object();
  for (const auto& [kind, count] : place.unanswered) {
    errors[kind] = count;
  }
  for (const auto& [kind, count] : place.wrong_answers) {
    errors[kind] = count;
  }
  return errors;
}

std::string Joined(const std::map<std::string, uint64_t>& counts) {
  std::string text;
  for (const auto& [name, count] : counts) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, count);
  }
  return text;
}

StatusOr<io::MirrorOptions> Options(const MirrorArguments& a) {
  const int sources = (a.interface.empty() ? 0 : 1) + (a.pcap.empty() ? 0 : 1) + (a.vxlan_port >= 0 ? 1 : 0);
  if (sources != 1) {
    return InvalidArgument("mirror what? one of --interface I, --pcap F and --vxlan-port P");
  }
  if (!a.interface.empty() && a.port == 0) {
    return InvalidArgument("--port: which port does the service have on {}? Only that is ever copied",
                           a.interface);
  }
  io::MirrorOptions options;
  options.interface = a.interface;
  options.vxlan = a.vxlan_port >= 0;
  options.vxlan_port = static_cast<uint16_t>(std::max(0, a.vxlan_port));
  if (!a.pcap.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(options.capture, input::ReadInput(a.pcap));
  }
  options.port = static_cast<uint16_t>(a.port);
  options.share = a.percent / 100;
  options.rate_max = a.rate_max;
  options.policy = mirror::Policy(a.methods, a.marker);
  if (!a.duration.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(options.duration, ParseLength("--duration", a.duration));
  }
  for (const std::string& to : a.to) {
    StatusOr<load::Url> url = load::ParseUrl(to);
    SHADOWD_RETURN_IF_ERROR(Annotate(url.status(), "--to"));
    SHADOWD_ASSIGN_OR_RETURN(io::LoadTarget place, TargetOf(*url, "http/1.1", !a.insecure, a.ca));
    place.connections = a.connections;
    options.places.push_back(std::move(place));
  }
  return options;
}

void Show(const io::MirrorResult& now) {
  std::fprintf(stderr, "\r%llu packets, %llu requests, %llu sampled, %llu sent, completeness %.4f\033[K",
               static_cast<unsigned long long>(now.counts.packets),
               static_cast<unsigned long long>(now.counts.captured),
               static_cast<unsigned long long>(now.counts.sampled),
               static_cast<unsigned long long>(now.counts.copies_sent), now.counts.Ratio());
}

}  // namespace

Json ToJson(const io::MirrorResult& r, const std::vector<std::string>& to) {
  Json dropped = Json::object();
  for (const auto& [cause, count] : Dropped(r)) {
    dropped[cause] = count;
  }
  Json json = {{"packets", r.counts.packets},
               {"captured_requests", r.counts.captured},
               {"methods", r.methods},
               {"sampled", r.counts.sampled},
               {"sent", r.counts.copies_sent},
               {"skipped_by_policy", r.counts.skipped_by_policy},
               {"skipped", r.skipped},
               {"dropped", dropped},
               {"completeness", r.counts.Ratio()},
               {"shadow_latency_us", LatencyJson(AllLatencies(r))},
               {"seconds", r.seconds},
               {"cpu_seconds", r.cpu_seconds},
               {"foreign_datagrams", r.foreign},
               {"damaged", r.damaged.ok() ? "" : MessageOf(r.damaged)}};
  Json places = Json::array();
  for (size_t i = 0; i < r.places.size() && i < to.size(); ++i) {
    places.push_back({{"url", to[i]},
                      {"sent", r.places[i].sent},
                      {"completed", r.places[i].completed},
                      {"errors_by_kind", Errors(r.places[i])},
                      {"latency_us", LatencyJson(r.places[i].latency)}});
  }
  json["places"] = places;
  return json;
}

std::string ToText(const io::MirrorResult& r, const std::vector<std::string>& to) {
  std::string text;
  const auto line = [&](const char* name, const std::string& value) {
    text += fmt::format("{:<18}{}\n", name, value);
  };
  line("packets", fmt::format("{} in {:.1f} s", r.counts.packets, r.seconds));
  line("requests", r.methods.empty() ? "0" : fmt::format("{}: {}", r.counts.captured, Joined(r.methods)));
  line("skipped", r.skipped.empty()
                      ? "0"
                      : fmt::format("{} by the rules: {}", r.counts.skipped_by_policy, Joined(r.skipped)));
  line("sampled", std::to_string(r.counts.sampled));
  std::map<std::string, uint64_t> lost;
  for (const auto& [cause, count] : Dropped(r)) {
    if (count > 0) {
      lost[cause] = count;
    }
  }
  line("lost", lost.empty() ? "0" : Joined(lost));
  line("completeness", fmt::format("{:.5f}", r.counts.Ratio()));
  line("CPU here", fmt::format("{:.3f} s", r.cpu_seconds));
  if (!r.places.empty()) {
    std::vector<ctl::Row> rows;
    for (size_t i = 0; i < r.places.size() && i < to.size(); ++i) {
      const load::RunCounts& place = r.places[i];
      const auto millis = [&](double q) {
        return fmt::format("{:.3f}", static_cast<double>(place.latency.ValueAtQuantile(q)) / 1000);
      };
      rows.push_back({to[i], std::to_string(place.sent), std::to_string(place.completed),
                      std::to_string(place.Errors()), millis(0.5), millis(0.99)});
    }
    text += "\n" + ctl::Table({"COPIES TO", "SENT", "ANSWERED", "ERRORS", "P50 MS", "P99 MS"}, rows);
  }
  if (!r.damaged.ok()) {
    text += "\nThe capture is damaged: " + MessageOf(r.damaged) + "; what came before it counts\n";
  }
  return text;
}

void AddMirrorOptions(CLI::App& mirror, MirrorArguments& a) {
  mirror.add_option("--interface", a.interface,
                    "Tap this interface (needs CAP_NET_RAW); it is only listened to");
  mirror.add_option("--pcap", a.pcap,
                    "Read a capture file (pcap, pcapng; .gz too); with --to at its own pace");
  mirror
      .add_option("--vxlan-port", a.vxlan_port,
                  "Receive VXLAN, as clouds' and switches' mirrors send it, on this UDP port")
      ->check(CLI::Range(0, 65535));
  mirror.add_option("--port", a.port, "Of the service; all TCP with --pcap and --vxlan-port where not given")
      ->check(CLI::Range(1, 65535));
  mirror.add_option("--percent", a.percent, "Of the requests, chosen by their id: the same on every host")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  mirror
      .add_option("--to", a.to, "Where copies go, http(s)://HOST[:PORT]; may be repeated; none = look only")
      ->allow_extra_args(false);
  mirror.add_option("--duration", a.duration, "End after this time (10s); until Ctrl-C where not given");
  mirror.add_option("--method", a.methods, "What may be repeated, each once; GET and HEAD where not given")
      ->allow_extra_args(false);
  mirror.add_option("--marker-header", a.marker, "On every copy; what carries it is never copied again")
      ->capture_default_str();
  mirror.add_option("--rate-max", a.rate_max, "Copies per second at most; 0 = no cap")
      ->check(CLI::Range(0.0, 1e9))
      ->capture_default_str();
  mirror.add_option("--connections", a.connections, "At most so many to each place")
      ->check(CLI::Range(size_t{1}, size_t{10'000}))
      ->capture_default_str();
  mirror.add_option("--ca", a.ca, "Certificates (PEM) of the authorities to trust; the system's by default");
  mirror.add_flag("--insecure", a.insecure, "Take any certificate");
}

Status RunMirrorCommand(const MirrorArguments& a, bool json) {
  SHADOWD_ASSIGN_OR_RETURN(const io::MirrorOptions options, Options(a));
  std::signal(SIGINT, [](int) { stopped.store(true); });
  std::signal(SIGTERM, [](int) { stopped.store(true); });
  const bool terminal = isatty(STDERR_FILENO) == 1;
  SHADOWD_ASSIGN_OR_RETURN(const io::MirrorResult result,
                           io::RunMirror(options, stopped, [&](const io::MirrorResult& now) {
                             if (terminal) {
                               Show(now);
                             }
                           }));
  if (terminal) {
    std::fputs("\r\033[K", stderr);
  }
  const std::string text = json ? ToJson(result, a.to).dump(2) + "\n" : ToText(result, a.to);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return absl::OkStatus();
}

}  // namespace shadowd::lab
