// What load costs beside wrk and hey, in the same run on the same target: a real nginx with one worker that
// answers from memory. Generator and target are pinned to a core each. Prints the medians of several runs:
// answers a second and CPU per answer at saturation, and the lateness of our sends at half of our own
// maximum.
#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

namespace {

using Json = nlohmann::ordered_json;

std::string Output(const std::string& command) {
  std::string out;
  std::FILE* pipe = popen(command.c_str(), "r");
  char buffer[4096];
  for (size_t got = 0; pipe != nullptr && (got = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;) {
    out.append(buffer, got);
  }
  if (pipe != nullptr) {
    pclose(pipe);
  }
  return out;
}

int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  bind(fd, reinterpret_cast<sockaddr*>(&address), length);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  close(fd);
  return ntohs(address.sin_port);
}

class Target {
 public:
  explicit Target(int core) {
    char name[] = "/tmp/shadowd-bench-XXXXXX";
    folder_ = mkdtemp(name);
    std::ofstream(folder_ + "/nginx.conf")
        << "daemon off; worker_processes 1; pid " << folder_ << "/pid; error_log " << folder_
        << "/error;\nevents { worker_connections 4096; }\nhttp { access_log off; keepalive_requests "
           "1000000000;\n"
        << "server { listen 127.0.0.1:" << port_ << "; location / { return 200 \"hello world\\n\"; } } }\n";
    const std::string file = folder_ + "/nginx.conf", cpu = std::to_string(core);
    const char* argv[] = {"taskset",    "-c", cpu.c_str(),     "nginx", "-c",
                          file.c_str(), "-p", folder_.c_str(), nullptr};
    posix_spawnp(&pid_, "taskset", nullptr, nullptr, const_cast<char**>(argv), environ);
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
  ~Target() {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
    std::filesystem::remove_all(folder_);
  }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/"; }

 private:
  std::string folder_;
  int port_ = FreePort();
  pid_t pid_ = 0;
};

struct Figures {
  double rate = 0;        // answers a second
  double cpu_us = 0;      // per answer, of the generator
  double lag_p99_us = 0;  // ours
};

// "real user sys" of bash's time, at the end of what a command printed.
double CpuSeconds(const std::string& out) {
  const size_t at = out.rfind("CPU ");
  double user = 0, system = 0;
  if (at != std::string::npos && std::sscanf(out.c_str() + at, "CPU %lf %lf", &user, &system) == 2) {
    return user + system;
  }
  return 0;
}

double NumberBehind(const std::string& out, const std::string& label) {
  const size_t at = out.find(label);
  return at == std::string::npos ? 0 : std::strtod(out.c_str() + at + label.size(), nullptr);
}

std::string Pinned(const std::string& command) {
  return "bash -c 'TIMEFORMAT=\"CPU %U %S\"; time taskset -c 0 " + command + "' 2>&1";
}

Figures Wrk(const std::string& url, int seconds, int connections) {
  const std::string out = Output(Pinned(fmt::format("wrk -t1 -c{} -d{}s {}", connections, seconds, url)));
  const double rate = NumberBehind(out, "Requests/sec:");
  return {rate, rate > 0 ? 1e6 * CpuSeconds(out) / (rate * seconds) : 0, 0};
}

Figures Hey(const std::string& url, int seconds, int connections) {
  const std::string out =
      Output(Pinned(fmt::format("hey -cpus 1 -z {}s -c {} {}", seconds, connections, url)));
  const double rate = NumberBehind(out, "Requests/sec:");
  return {rate, rate > 0 ? 1e6 * CpuSeconds(out) / (rate * seconds) : 0, 0};
}

Figures Ours(const std::string& lab, const std::string& url, int seconds, int connections, double rate) {
  const Json json =
      Json::parse(Output(fmt::format("taskset -c 0 {} load {} --rate {:.0f} --connections {} --duration {}s "
                                     "--json",
                                     lab, url, rate, connections, seconds)));
  const double completed = json["completed"];
  return {json["rate"], 1e6 * json["cpu_seconds"].get<double>() / std::max(1.0, completed),
          json["send_lag_us"]["p99"]};
}

double Median(std::vector<Figures> runs, double Figures::*figure) {
  std::sort(runs.begin(), runs.end(),
            [&](const Figures& a, const Figures& b) { return a.*figure < b.*figure; });
  return runs[runs.size() / 2].*figure;
}

Json ToJson(const std::vector<Figures>& runs) {
  return {{"rate", Median(runs, &Figures::rate)}, {"cpu_us_per_answer", Median(runs, &Figures::cpu_us)}};
}

}  // namespace

int main(int argc, char** argv) {
  int seconds = 5, runs = 5, connections = 64;
  bool as_json = false;
  CLI::App app("Load beside wrk and hey on the same nginx.");
  app.add_option("--seconds", seconds, "Of each run")->capture_default_str();
  app.add_option("--runs", runs, "Of each generator; the median counts")->capture_default_str();
  app.add_option("--connections", connections)->capture_default_str();
  app.add_flag("--json", as_json, "One JSON object on standard output");
  CLI11_PARSE(app, argc, argv);
  const std::string lab = std::filesystem::canonical("/proc/self/exe").parent_path() / "shadow-lab";
  const Target target(1);
  constexpr double kAll = 1e6;  // more than anybody answers
  std::vector<Figures> wrk, hey, ours, half;
  for (int i = 0; i < runs; ++i) {  // side by side: what else the machine does concerns all alike
    wrk.push_back(Wrk(target.url(), seconds, connections));
    ours.push_back(Ours(lab, target.url(), seconds, connections, kAll));
    hey.push_back(Hey(target.url(), seconds, connections));
    half.push_back(Ours(lab, target.url(), seconds, connections, ours.back().rate / 2));
  }
  Json json = {{"wrk", ToJson(wrk)}, {"hey", ToJson(hey)}, {"ours", ToJson(ours)}, {"half", ToJson(half)}};
  json["half"]["send_lag_p99_us"] = Median(half, &Figures::lag_p99_us);
  json["rate_over_wrk"] = Median(ours, &Figures::rate) / Median(wrk, &Figures::rate);
  json["cpu_over_wrk"] = Median(ours, &Figures::cpu_us) / Median(wrk, &Figures::cpu_us);
  if (as_json) {
    fmt::print("{}\n", json.dump(2));
    return 0;
  }
  fmt::print("{:<10}{:>12}{:>22}\n", "", "ANSWERS/S", "CPU US AN ANSWER");
  for (const char* name : {"wrk", "hey", "ours", "half"}) {
    fmt::print("{:<10}{:>12.0f}{:>22.2f}\n", name, json[name]["rate"].get<double>(),
               json[name]["cpu_us_per_answer"].get<double>());
  }
  const auto verdict = [](const char* claim, double value, bool met) {
    fmt::print("{:<7}{}: {:.2f}\n", met ? "met" : "MISSED", claim, value);
  };
  fmt::print("\n");
  verdict("answers at saturation >= wrk's, ratio", json["rate_over_wrk"], json["rate_over_wrk"] >= 1.0);
  verdict("CPU an answer <= 1.2 of wrk's, ratio", json["cpu_over_wrk"], json["cpu_over_wrk"] <= 1.2);
  verdict("send lag p99 at half of its own maximum < 300 us", json["half"]["send_lag_p99_us"],
          json["half"]["send_lag_p99_us"] < 300);
  return 0;
}
