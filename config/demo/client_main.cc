// demo-client: sends the demo's traffic (open_loop_client.h) or writes its past (history_writer.h).
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>

#include "history_writer.h"
#include "open_loop_client.h"

namespace shadowd::demo {
namespace {

struct Flags {
  DayProfile profile;
  ClientOptions client;
  HistoryOptions history;
  std::string measured;
  double rate = 0;
};

void AddFlags(CLI::App& app, Flags& flags) {
  app.add_option("--target", flags.client.target, "ADDRESS:PORT of the balancer")->capture_default_str();
  app.add_option("--minutes", flags.client.minutes, "How long to send")->check(CLI::Range(0.01, 1e6));
  app.add_option("--timeout-seconds", flags.client.timeout_seconds, "After which a request is an error")
      ->check(CLI::Range(0.01, 600.0));
  CLI::Option* rate = app.add_option("--rate", flags.rate, "A constant rate instead of a day's curve");
  rate->check(CLI::Range(0.1, 1e5));
  app.add_option("--trough", flags.profile.trough_rps, "Requests per second at night")
      ->check(CLI::Range(0.1, 1e5));
  app.add_option("--peak", flags.profile.peak_rps, "Requests per second at the peak")
      ->check(CLI::Range(0.1, 1e5));
  app.add_option("--day-seconds", flags.profile.day_seconds, "Length of a day")->check(CLI::Range(1.0, 1e6));
  app.add_option("--noise", flags.profile.noise, "Deviation of the drift")->check(CLI::Range(0.0, 0.3));
  app.add_option("--seed", flags.profile.seed, "Of noise and arrivals");
  app.add_option("--epoch", flags.profile.epoch, "Unix time of a trough; default: now");
  CLI::Option* days =
      app.add_option("--history-days", flags.history.days, "Write this many past days, send nothing");
  days->check(CLI::Range(1, 1000));
  CLI::Option* out = app.add_option("--out", flags.history.out, "CSV file for the history");
  days->needs(out)->excludes(rate);
  out->needs(days);
  app.add_option("--measured", flags.measured, "CSV of what one instance did at some loads, for the history")
      ->needs(days);
}

Status Main(Flags& flags) {
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  if (flags.profile.epoch == 0) {
    flags.profile.epoch = now;
  }
  if (flags.rate > 0) {
    flags.profile.trough_rps = flags.profile.peak_rps = flags.rate;
    flags.profile.noise = 0;
  }
  if (flags.history.out.empty()) {
    StatusOr<OpenLoopClient> client = OpenLoopClient::Create(flags.client, flags.profile);
    return client.ok() ? client->Run() : client.status();
  }
  std::vector<MeasuredPoint> measured;
  if (!flags.measured.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(measured, ReadMeasured(flags.measured));
  }
  flags.history.end = now;
  return WriteHistory(flags.profile, flags.history, std::move(measured));
}

}  // namespace
}  // namespace shadowd::demo

int main(int argc, char** argv) {
  shadowd::demo::Flags flags;
  CLI::App app(
      "Users of shadowd's demo service: open-loop traffic after a day's curve, or that curve's past");
  shadowd::demo::AddFlags(app, flags);
  CLI11_PARSE(app, argc, argv);
  const shadowd::Status status = shadowd::demo::Main(flags);
  if (!status.ok()) {
    std::fprintf(stderr, "demo-client: %s\n", shadowd::MessageOf(status).c_str());
    return 1;
  }
  return 0;
}
