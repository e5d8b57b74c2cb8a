#include "e2e/live_host.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <utility>

#include "daemon/io/haproxy_client.h"
#include "e2e/haproxy_process.h"
#include "require_ok.h"

extern char** environ;

namespace shadowd::e2e {
namespace {

namespace fs = std::filesystem;

pid_t Spawn(const std::vector<std::string>& argv, const std::string& output,
            const std::map<std::string, std::string>& environment) {
  std::vector<std::string> variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    variables.emplace_back(*entry);
  }
  for (const auto& [name, value] : environment) {
    variables.push_back(name + "=" + value);
  }
  std::vector<char*> words, settings;
  for (const std::string& word : argv) {
    words.push_back(const_cast<char*>(word.c_str()));
  }
  for (std::string& variable : variables) {
    settings.push_back(variable.data());
  }
  words.push_back(nullptr);
  settings.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                     0600);
  ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  pid_t pid = -1;
  const int error = ::posix_spawnp(&pid, words[0], &actions, nullptr, words.data(), settings.data());
  ::posix_spawn_file_actions_destroy(&actions);
  INFO("cannot start " << argv[0]);
  REQUIRE(error == 0);
  return pid;
}

std::string CommandLine(pid_t pid) {
  std::string text = ReadText(fmt::format("/proc/{}/cmdline", pid));
  std::replace(text.begin(), text.end(), '\0', ' ');
  return text;
}

std::string Describe(const std::vector<pid_t>& pids) {
  std::string text;
  for (const pid_t pid : pids) {
    text += fmt::format("{} {}\n", pid, CommandLine(pid).substr(0, 200));
  }
  return text;
}

}  // namespace

google::protobuf::Duration Seconds(double seconds) {
  google::protobuf::Duration duration;
  const auto nanos = static_cast<int64_t>(seconds * 1e9);
  duration.set_seconds(nanos / 1'000'000'000);
  duration.set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
  return duration;
}

Child::Child(const std::vector<std::string>& argv, const std::string& output,
             const std::map<std::string, std::string>& environment)
    : pid_(Spawn(argv, output, environment)) {}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), ended_(std::exchange(other.ended_, std::nullopt)) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(pid_, other.pid_);
  std::swap(ended_, other.ended_);
  return *this;
}

Child::~Child() {
  if (Running()) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
}

bool Child::Running() {
  int status = 0;
  if (pid_ > 0 && !ended_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
    ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  return pid_ > 0 && !ended_;
}

void Child::Signal(int signal) const {
  if (pid_ > 0 && !ended_) {
    ::kill(pid_, signal);
  }
}

std::optional<int> Child::Await(double limit_seconds) {
  Eventually([this] { return !Running(); }, limit_seconds);
  return ended_;
}

Ran Run(const std::vector<std::string>& argv, double limit_seconds) {
  const Directory directory;
  Child child(argv, directory.File("out"));
  const std::optional<int> code = child.Await(limit_seconds);
  return {code.value_or(-1000), ReadText(directory.File("out"))};
}

std::string ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void WriteText(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

Directory::Directory() {
  std::string pattern = (fs::temp_directory_path() / "shadowd-e2e-XXXXXX").string();
  REQUIRE(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

Directory::~Directory() {
  std::error_code ignored;
  if (std::getenv("SHADOWD_TEST_KEEP") == nullptr) {
    fs::remove_all(path_, ignored);
  }
}

LiveHost::LiveHost(LiveOptions options)
    : options_(std::move(options)),
      frontend_port_(FreePort()),
      syslog_port_(FreePort()),
      // Below the ports that the system hands out by itself, apart from those of other test processes.
      first_port_(20'000 + static_cast<int>(::getpid() % 150) * 80) {
  if (options_.haproxy) {
    WriteText(
        directory_.File("haproxy.cfg"),
        fmt::format(
            "global\n  stats socket {0}/haproxy.sock mode 600 level admin\n  log 127.0.0.1:{1} len 4096 "
            "local0\n"
            "defaults\n  mode http\n  timeout connect 2s\n  timeout client 10s\n  timeout server 10s\n  log "
            "global\n"
            "frontend users\n  bind 127.0.0.1:{2}\n  http-request set-var(txn.shadowd_start) date(0,us)\n"
            "  log-format \"%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc "
            "%ac/%fc/%bc/%sc/%rc %sq/%bq %hr %hs %{{+Q}}r us=%[date(0,us),sub(txn.shadowd_start)]\"\n"
            "  default_backend shop\n"
            "backend shop\n  balance random(1)\n  option httpchk GET /healthz\n  http-reuse always\n",
            directory(), syslog_port_, frontend_port_));
    haproxy_ =
        Child({"haproxy", "-db", "-f", directory_.File("haproxy.cfg")}, directory_.File("haproxy.log"));
    const bool up = Eventually(
        [this] { return io::RunHaproxyCommand(directory_.File("haproxy.sock"), "show version").ok(); });
    INFO(ReadText(directory_.File("haproxy.log")));
    REQUIRE(up);
  }
  WriteText(config_path(), BaseConfig() + options_.config);
  client::Options to;
  to.address = "unix://" + socket_path();
  to.attempts = 1;
  to.deadline = std::chrono::seconds(60);
  client_ = client::Client::Connect(to).value();
}

LiveHost::~LiveHost() {
  users_ = Child();
  if (daemon_.Running()) {
    StopDaemon();
  }
  for (const pid_t pid : Find(true, true, true)) {
    ::kill(pid, SIGKILL);
  }
  AwaitGone(5);
}

std::string LiveHost::BaseConfig() const {
  return fmt::format(
      "socket_path: {0}/shadowd.sock\nstate_dir: {0}/state\nruntime_dir: {0}/run\nfreeze_file: {0}/freeze\n"
      "host: {{max_shadows: 8, psi_cpu_max: 100}}\n",
      directory());
}

void LiveHost::SpawnDaemon(const std::map<std::string, std::string>& environment) {
  daemon_ = Child({SHADOWD_DAEMON, "--config", config_path()}, directory_.File("shadowd.log"), environment);
}

void LiveHost::AwaitDaemon() {
  client::Options to;
  to.address = "unix://" + socket_path();
  to.attempts = 1;
  to.deadline = std::chrono::seconds(1);
  const bool ready = Eventually(
      [&] {
        // A fresh connection each time: an old one pauses before it tries again.
        const auto status = client::Client::Connect(to).value()->GetStatus();
        return status.ok() && status->pid() == daemon_.pid();
      },
      20);
  INFO(Journal());
  REQUIRE(ready);
  to.deadline = std::chrono::seconds(60);
  to.attempts = client::Options().attempts;
  client_ = client::Client::Connect(to).value();
}

void LiveHost::StartDaemon(const std::map<std::string, std::string>& environment) {
  SpawnDaemon(environment);
  AwaitDaemon();
}

std::optional<int> LiveHost::StopDaemon(double limit_seconds) {
  daemon_.Signal(SIGTERM);
  return daemon_.Await(limit_seconds);
}

void LiveHost::KillDaemon() {
  daemon_.Signal(SIGKILL);
  daemon_.Await(10);
}

std::string LiveHost::frontend() const {
  return fmt::format("127.0.0.1:{}", frontend_port_);
}

v1::Service LiveHost::Shop(const std::string& id, double service_ms, int slots) const {
  v1::Service service;
  service.set_name("services/" + id);
  service.set_mode(v1::Service::ACT);
  service.set_version("1");
  v1::InstanceTemplate& instance = *service.mutable_instance();
  for (const std::string& word :
       std::vector<std::string>{SHADOWD_DEMO_SERVICE, "--port", "{port}", "--id", "{id}", "--version",
                                "{version}", "--service-ms", fmt::format("{}", service_ms), "--cpu-ms", "0.3",
                                "--slots", fmt::format("{}", slots), "--startup-seconds", "1"}) {
    instance.add_argv(word);
  }
  instance.set_working_dir(directory());
  instance.set_port_first(first_port_);
  instance.set_port_last(first_port_ + 60);
  instance.mutable_readiness()->set_http_path("/healthz");
  *instance.mutable_readiness()->mutable_deadline() = Seconds(15);
  *instance.mutable_stop_grace() = Seconds(3);
  service.mutable_bounds()->set_min(2);
  service.mutable_bounds()->set_max(8);
  service.mutable_bounds()->set_step_in_max(2);
  *service.mutable_bounds()->mutable_cool_down_out() = Seconds(0);
  *service.mutable_bounds()->mutable_cool_down_in() = Seconds(0);
  *service.mutable_slo()->mutable_latency_limit() = Seconds(0.2);
  *service.mutable_triggers()->mutable_emergency_after() = Seconds(60);
  *service.mutable_trial()->mutable_deadline() = Seconds(15);
  *service.mutable_lead_time_prior() = Seconds(2);
  if (options_.haproxy) {
    service.mutable_haproxy()->set_socket(directory_.File("haproxy.sock"));
    service.mutable_haproxy()->set_backend("shop");
    service.mutable_haproxy()->set_syslog_listen(fmt::format("127.0.0.1:{}", syslog_port_));
    if (::geteuid() == 0) {  // a tap needs the right to capture
      service.mutable_mirror()->set_interface("lo");
      service.mutable_mirror()->set_port(frontend_port_);
    }
  }
  service.mutable_load()->add_paths("/work/1");
  service.mutable_load()->add_paths("/work/2");
  return service;
}

void LiveHost::StartUsers(double rps) {
  users_ = Child({SHADOWD_DEMO_CLIENT, "--target", frontend(), "--rate", fmt::format("{}", rps), "--minutes",
                  "60", "--seed", "7"},
                 directory_.File("users.jsonl"));
}

LiveHost::Seen LiveHost::StopUsers() {
  users_.Signal(SIGTERM);
  users_.Await(10);
  Seen seen;
  std::istringstream lines(ReadText(directory_.File("users.jsonl")));
  for (std::string line; std::getline(lines, line);) {
    const nlohmann::json second = nlohmann::json::parse(line, nullptr, false);
    if (second.is_object()) {
      seen.sent += second.value("sent", uint64_t{0});
      seen.errors += second.value("errors", uint64_t{0});
    }
  }
  return seen;
}

std::vector<scale::HaproxyRow> LiveHost::Servers() const {
  std::vector<scale::HaproxyRow> servers;
  const auto answer = io::RunHaproxyCommand(directory_.File("haproxy.sock"), "show stat");
  const auto stat = answer.ok() ? scale::ParseHaproxyStat(*answer) : answer.status();
  if (stat.ok()) {
    std::copy_if(stat->rows.begin(), stat->rows.end(), std::back_inserter(servers),
                 [](const scale::HaproxyRow& row) { return row.kind == scale::HaproxyRowKind::kServer; });
  }
  return servers;
}

bool LiveHost::ServersUp(size_t count) const {
  const std::vector<scale::HaproxyRow> servers = Servers();
  return servers.size() == count &&
         std::all_of(servers.begin(), servers.end(), [](const scale::HaproxyRow& row) { return row.up(); });
}

std::vector<pid_t> LiveHost::Find(bool shadows, bool instances, bool others) const {
  std::vector<pid_t> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const std::string name = entry.path().filename().string();
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || *end != '\0' || pid == daemon_.pid() || pid == haproxy_.pid() ||
        pid == users_.pid()) {
      continue;
    }
    const std::string command = CommandLine(pid);
    const std::string cwd = fs::read_symlink(entry.path() / "cwd", ignored).string();
    const bool ours = cwd.starts_with(directory()) || command.find(directory() + "/") != std::string::npos;
    if (!ours || command.empty()) {  // empty: it has ended and nobody waited for it yet
      continue;
    }
    const bool service = command.starts_with(SHADOWD_DEMO_SERVICE);
    const bool shadow = service && std::regex_search(command, std::regex("-a[0-9]+-s[0-9]+ "));
    if (service ? (shadow ? shadows : instances) : others) {
      found.push_back(pid);
    }
  }
  return found;
}

std::vector<pid_t> LiveHost::Shadows() const {
  return Find(true, false, false);
}
std::vector<pid_t> LiveHost::Instances() const {
  return Find(false, true, false);
}
std::vector<pid_t> LiveHost::Others() const {
  return Find(false, false, true);
}

std::string LiveHost::AwaitGone(double limit_seconds) const {
  Eventually([this] { return Find(true, true, true).empty(); }, limit_seconds);
  return Describe(Find(true, true, true));
}

}  // namespace shadowd::e2e
