// shadowd: reads its configuration, starts the app and waits for signals.
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>

#include "daemon/app.h"
#include "daemon/io/sd_notify.h"
#include "daemon/io/signal_set.h"
#include "daemon/service_files.h"
#include "daemon/version.h"

namespace {

using namespace shadowd;

constexpr int kExitUsage = 2;

int Fail(const Status& status) {
  std::fprintf(stderr, "shadowd: %s\n", MessageOf(status).c_str());
  return 1;
}

StatusOr<config::DaemonConfig> ReadConfig(const std::string& path) {
  if (path.empty()) {
    return config::DaemonConfig();
  }
  SHADOWD_ASSIGN_OR_RETURN(const std::string text, daemon::ReadWholeFile(path, 1 << 20));
  SHADOWD_ASSIGN_OR_RETURN(config::DaemonConfig config, config::ParseDaemonConfig(text, path));
  SHADOWD_RETURN_IF_ERROR(daemon::LoadServiceFiles(config.service_dir).status());
  return config;
}

// The shim lies beside the daemon, or in libexec of an installation.
std::string FindShim() {
  const std::filesystem::path here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  const std::filesystem::path installed = here.parent_path() / "libexec/shadowd/shadowd-shim";
  return std::filesystem::exists(here / "shadowd-shim") ? (here / "shadowd-shim").string()
                                                        : installed.string();
}

void WaitForEnd(io::SignalSet& signals, daemon::App& app) {
  for (;;) {
    const std::optional<int> signal = signals.Wait(std::chrono::hours(24));
    if (!signal) {
      continue;
    }
    if (*signal == SIGHUP) {
      io::NotifyReloading("reloading");
      const Status reloaded = app.Reload();
      spdlog::log(reloaded.ok() ? spdlog::level::info : spdlog::level::err, "reload={} {}",
                  reloaded.ok() ? "done" : "refused",
                  reloaded.ok() ? "" : fmt::format("error=\"{}\"", MessageOf(reloaded)));
      io::NotifyReady(reloaded.ok() ? "reloaded" : "reload refused: " + MessageOf(reloaded));
    } else if (*signal == SIGUSR1 || *signal == SIGUSR2) {
      app.Freeze(*signal == SIGUSR1, *signal == SIGUSR1 ? "SIGUSR1" : "", "signal");
    } else {
      return;
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App cli(
      "shadowd tests a scaling decision before production pays for it. Drive it with shadowctl.\n"
      "Signals: TERM stops, HUP reloads, USR1 freezes, USR2 thaws.");
  std::string config_path, shim_path = FindShim();
  bool check = false;
  cli.add_option("--config", config_path, "configuration file (YAML); without one the defaults apply");
  cli.add_flag("--check-config", check, "check the configuration and the service files, then exit");
  cli.add_option("FILE", config_path, "the same as --config");
  cli.add_option("--shim", shim_path, "path of shadowd-shim")->capture_default_str();
  cli.set_version_flag("--version", std::string("shadowd ") + daemon::kVersion);
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return cli.exit(error) == 0 ? 0 : kExitUsage;
  }
  spdlog::set_default_logger(spdlog::stderr_logger_mt("shadowd"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e level=%l %v");
  StatusOr<config::DaemonConfig> config = ReadConfig(config_path);
  if (!config.ok()) {
    return Fail(config.status());
  }
  if (check) {
    std::printf("%s: ok\n", config_path.empty() ? "defaults" : config_path.c_str());
    return 0;
  }
  StatusOr<io::SignalSet> signals = io::SignalSet::Create({SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2});
  if (!signals.ok()) {
    return Fail(signals.status());
  }
  StatusOr<std::unique_ptr<daemon::App>> app = daemon::App::Start({config_path, shim_path, *config});
  if (!app.ok()) {
    return Fail(app.status());
  }
  WaitForEnd(*signals, **app);
  spdlog::info("state=DRAINING");
  io::NotifyStopping("draining");
  (*app)->Stop();
  spdlog::info("state=STOPPED");
  return 0;
}
