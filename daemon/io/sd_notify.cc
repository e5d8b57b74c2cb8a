#include "daemon/io/sd_notify.h"

#include <fmt/format.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include <algorithm>

namespace shadowd::io {
namespace {

// A newline would start another assignment of the protocol.
std::string OneLine(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// Nothing can be done about a manager that does not listen; the daemon works without it.
void Send(const std::string& message) {
  (void)sd_notify(0, message.c_str());
}

int64_t MonotonicMicros() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

}  // namespace

void NotifyReady(const std::string& status) {
  Send("READY=1\nSTATUS=" + OneLine(status));
}
void NotifyReloading(const std::string& status) {
  Send(fmt::format("RELOADING=1\nMONOTONIC_USEC={}\nSTATUS={}", MonotonicMicros(), OneLine(status)));
}
void NotifyStopping(const std::string& status) {
  Send("STOPPING=1\nSTATUS=" + OneLine(status));
}
void NotifyStatus(const std::string& status) {
  Send("STATUS=" + OneLine(status));
}
void NotifyWatchdog() {
  Send("WATCHDOG=1");
}

Micros WatchdogInterval() {
  uint64_t period_us = 0;
  if (sd_watchdog_enabled(0, &period_us) <= 0) {
    return Micros(0);
  }
  return Micros(static_cast<int64_t>(period_us / 2));
}

}  // namespace shadowd::io
