// shadowctl get, describe and watch, for every noun.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "session.h"

namespace shadowd::ctl {

struct ReadArguments {
  std::string noun;
  std::string name;     // "" = all
  std::string service;  // "" = of all services
  int limit = 500;
  int64_t resume_revision = 0;  // of a watch; 0 = begin with what is there
};

Status Get(const Session& session, const ReadArguments& arguments);
Status DescribeOne(const Session& session, const ReadArguments& arguments);
Status WatchAll(const Session& session, const ReadArguments& arguments);

}  // namespace shadowd::ctl
