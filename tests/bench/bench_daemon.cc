// What the daemon costs when it has nothing to do: starts it five times with an empty configuration and
// prints the time until its first answer, resident memory and threads after two idle seconds, and how often
// its threads wake up in a second. --json for machines, --daemon PATH for another binary.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "shadowd/client.h"

extern char** environ;

namespace shadowd::bench {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kRuns = 5;
constexpr std::chrono::seconds kStartLimit(20);
constexpr std::chrono::seconds kSettle(2);
constexpr double kRssBudgetMb = 25;
constexpr double kStartBudgetSeconds = 0.3;

struct Figures {
  double start_seconds = 0;
  double rss_mb = 0;
  int threads = 0;
  double wakes_per_second = 0;
};

// A number of a line "NAME: 123 kB" of a /proc status file; -1 without it.
double Field(const std::string& path, const std::string& name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name + ":")) {
      return std::atof(line.c_str() + name.size() + 1);
    }
  }
  return -1;
}

double VoluntarySwitches(pid_t pid) {
  double sum = 0;
  std::error_code ignored;
  for (const auto& task : fs::directory_iterator(fmt::format("/proc/{}/task", pid), ignored)) {
    sum += std::max(0.0, Field((task.path() / "status").string(), "voluntary_ctxt_switches"));
  }
  return sum;
}

class Daemon {
 public:
  explicit Daemon(const std::string& program) {
    std::string pattern = (fs::temp_directory_path() / "shadowd-bench-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    // Empty but for where its files go.
    std::ofstream(directory_ + "/c.yaml") << fmt::format(
        "socket_path: {0}/s\nstate_dir: {0}/state\nruntime_dir: {0}/run\nfreeze_file: {0}/freeze\n",
        directory_);
    const std::string config = directory_ + "/c.yaml";
    std::vector<std::string> words = {program, "--config", config};
    std::vector<char*> argv;
    for (std::string& word : words) {
      argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ) != 0) {
      pid_ = -1;
    }
    ::posix_spawn_file_actions_destroy(&actions);
  }
  ~Daemon() {
    if (pid_ > 0) {
      ::kill(pid_, SIGTERM);
      ::waitpid(pid_, nullptr, 0);
    }
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  pid_t pid() const { return pid_; }

  // Asks until it answers; a fresh connection each time, since an old one pauses before it tries again.
  Status AwaitAnswer() const {
    client::Options options;
    options.address = "unix://" + directory_ + "/s";
    options.attempts = 1;
    options.deadline = std::chrono::seconds(1);
    const Clock::time_point limit = Clock::now() + kStartLimit;
    while (pid_ > 0 && Clock::now() < limit) {
      if (fs::exists(directory_ + "/s") && client::Client::Connect(options).value()->GetStatus().ok()) {
        return absl::OkStatus();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return Unavailable("the daemon does not answer");
  }

 private:
  std::string directory_;
  pid_t pid_ = -1;
};

StatusOr<Figures> Measure(const std::string& program) {
  Figures figures;
  const Clock::time_point begin = Clock::now();
  const Daemon daemon(program);
  SHADOWD_RETURN_IF_ERROR(daemon.AwaitAnswer());
  figures.start_seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  std::this_thread::sleep_for(kSettle);
  const std::string status = fmt::format("/proc/{}/status", daemon.pid());
  figures.rss_mb = Field(status, "VmRSS") / 1024;
  figures.threads = static_cast<int>(Field(status, "Threads"));
  const double before = VoluntarySwitches(daemon.pid());
  std::this_thread::sleep_for(kSettle);
  figures.wakes_per_second =
      (VoluntarySwitches(daemon.pid()) - before) / std::chrono::duration<double>(kSettle).count();
  return figures;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Status Main(const std::string& program, bool json) {
  std::vector<double> starts, rss, threads, wakes;
  for (int run = 0; run < kRuns; ++run) {
    SHADOWD_ASSIGN_OR_RETURN(const Figures figures, Measure(program));
    starts.push_back(figures.start_seconds);
    rss.push_back(figures.rss_mb);
    threads.push_back(figures.threads);
    wakes.push_back(figures.wakes_per_second);
  }
  const double start = Median(starts), memory = Median(rss);
  const bool within = memory < kRssBudgetMb && start < kStartBudgetSeconds;
  if (json) {
    fmt::print(
        "{{\"start_seconds\":{:.4f},\"start_seconds_max\":{:.4f},\"rss_mb\":{:.2f},\"threads\":{:.0f},"
        "\"voluntary_switches_per_second\":{:.1f},\"runs\":{},\"within_budget\":{}}}\n",
        start, *std::max_element(starts.begin(), starts.end()), memory, Median(threads), Median(wakes), kRuns,
        within);
  } else {
    fmt::print("start to first answer  {:8.1f} ms   (budget {:.0f} ms, slowest {:.1f} ms)\n", start * 1e3,
               kStartBudgetSeconds * 1e3, *std::max_element(starts.begin(), starts.end()) * 1e3);
    fmt::print("resident when idle     {:8.1f} MB   (budget {:.0f} MB)\n", memory, kRssBudgetMb);
    fmt::print("threads                {:8.0f}\n", Median(threads));
    fmt::print("voluntary switches     {:8.1f} /s\n", Median(wakes));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace shadowd::bench

int main(int argc, char** argv) {
  bool json = false;
  std::string program = SHADOWD_DAEMON;
  for (int i = 1; i < argc; ++i) {
    json |= std::strcmp(argv[i], "--json") == 0;
    if (std::strcmp(argv[i], "--daemon") == 0 && i + 1 < argc) {
      program = argv[++i];
    }
  }
  const shadowd::Status status = shadowd::bench::Main(program, json);
  if (!status.ok()) {
    fmt::print(stderr, "bench_daemon: {}\n", shadowd::MessageOf(status));
    return 1;
  }
  return 0;
}
