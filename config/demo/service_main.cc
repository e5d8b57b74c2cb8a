// demo-service: see slot_server.h.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "slot_server.h"

int main(int argc, char** argv) {
  shadowd::demo::ServiceOptions options;
  CLI::App app("A small HTTP service with a known capacity, for shadowd's demo");
  app.add_option("--address", options.address, "IPv4 address to listen on")->capture_default_str();
  app.add_option("--port", options.port, "Port to listen on")->required()->check(CLI::Range(1, 65535));
  app.add_option("--id", options.id, "Name of this instance, told in X-Instance");
  app.add_option("--version", options.version, "Version, told in X-Version");
  app.add_option("--service-ms", options.service_ms, "Mean time a request holds its slot")
      ->check(CLI::Range(0.0, 60'000.0))
      ->capture_default_str();
  app.add_option("--service-cv", options.service_cv, "Its coefficient of variation (gamma distributed)")
      ->check(CLI::Range(0.0, 5.0))
      ->capture_default_str();
  app.add_option("--cpu-ms", options.cpu_ms, "The part of it that is spent on the CPU")
      ->check(CLI::Range(0.0, 1000.0))
      ->capture_default_str();
  app.add_option("--slots", options.slots, "Requests served at the same time")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--startup-seconds", options.startup_seconds, "Until /healthz and /work answer with 200")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  app.add_option("--seed", options.seed, "Of the service times")->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  auto server = shadowd::demo::SlotServer::Create(options);
  const shadowd::Status status = server.ok() ? (*server)->Run() : server.status();
  if (!status.ok()) {
    std::fprintf(stderr, "demo-service: %s\n", shadowd::MessageOf(status).c_str());
    return 1;
  }
  return 0;
}
