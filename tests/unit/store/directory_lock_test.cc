#include "store/directory_lock.h"

#include <filesystem>

#include "require_ok.h"
#include "unit/store/temp_directory.h"

namespace shadowd::store {
namespace {

TEST_CASE("a directory is made and held by one at a time") {
  const TempDirectory parent;
  const std::string directory = parent / "state";
  {
    const auto first = DirectoryLock::Acquire(directory);
    REQUIRE_OK(first);
    CHECK(std::filesystem::is_directory(directory));
    const Status second = DirectoryLock::Acquire(directory).status();
    CHECK(absl::IsFailedPrecondition(second));
    CHECK(ReasonOf(second) == "STORE_IN_USE");
  }
  REQUIRE_OK(DirectoryLock::Acquire(directory));
}

TEST_CASE("a directory whose parent is missing is named in the error") {
  const TempDirectory parent;
  const Status status = DirectoryLock::Acquire(parent / "no/such").status();
  CHECK(absl::IsNotFound(status));
  CHECK(MessageOf(status).find("no/such") != std::string::npos);
}

}  // namespace
}  // namespace shadowd::store
