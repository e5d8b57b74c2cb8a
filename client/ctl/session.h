// What every command of shadowctl shares: the global options, the connection, and how an error leaves the
// program.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "exit_code.h"
#include "shadowd/client.h"

namespace shadowd::ctl {

enum class Output { kTable, kJson, kYaml };

struct Session {
  client::Options connection;
  Output output = Output::kTable;

  StatusOr<std::unique_ptr<client::Client>> Connect() const { return client::Client::Connect(connection); }
};

// The error for people, with what to do about it.
std::string Explain(const Status& status, const Session& session);

}  // namespace shadowd::ctl
