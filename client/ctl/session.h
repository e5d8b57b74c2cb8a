// What every command of shadowctl shares: the global options, the connection, and how an error leaves the
// program.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "shadowd/client.h"

namespace shadowd::ctl {

enum class Output { kTable, kJson, kYaml };

struct Session {
  client::Options connection;
  Output output = Output::kTable;

  StatusOr<std::unique_ptr<client::Client>> Connect() const { return client::Client::Connect(connection); }
};

// The exit code stands for the class of a status; README.md lists them.
int ExitCodeOf(const Status& status);
inline constexpr const char* kExitCodes =
    "Exit codes: 0 done, 2 bad input or usage, 3 not found, 4 conflict with the present state, 5 not "
    "permitted,\n"
    "6 the daemon is not reachable, 7 out of time, 8 a limit is reached, 9 fault of the daemon, 130 "
    "interrupted.";

// The error for people, with what to do about it.
std::string Explain(const Status& status, const Session& session);

}  // namespace shadowd::ctl
