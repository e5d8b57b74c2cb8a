// The directory of service files: every *.yaml of it, parsed and checked as one; one bad file refuses them
// all, so that a reload changes everything or nothing.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "model/service.h"

namespace shadowd::daemon {

// An empty path gives no services. In the order of file names; a service named twice is an error.
StatusOr<std::vector<model::ServiceSpec>> LoadServiceFiles(const std::string& directory);

StatusOr<std::string> ReadWholeFile(const std::string& path, size_t bytes_max);

}  // namespace shadowd::daemon
