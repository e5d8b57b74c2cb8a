// What the daemon tells systemd, over NOTIFY_SOCKET; outside of systemd every call does nothing. Ready also
// ends a reload. Feed the watchdog from the loop only, so that a wedged loop is noticed. Thread-safe.
#pragma once

#include <string>

#include "base/time.h"

namespace shadowd::io {

void NotifyReady(const std::string& status);
void NotifyReloading(const std::string& status);
void NotifyStopping(const std::string& status);
void NotifyStatus(const std::string& status);
void NotifyWatchdog();

// Feed the watchdog at least this often (half of WatchdogSec); 0 = systemd does not watch this process.
Micros WatchdogInterval();

}  // namespace shadowd::io
