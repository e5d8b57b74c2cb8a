#include "daemon/freeze_file.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "require_ok.h"

namespace shadowd::daemon {
namespace {

std::filesystem::path FreshDirectory() {
  std::string path = (std::filesystem::temp_directory_path() / "shadowd-freeze-XXXXXX").string();
  return ::mkdtemp(path.data());
}

struct Fixture {
  ~Fixture() { std::filesystem::remove_all(directory); }
  void Touch() const { std::ofstream(directory / "freeze") << "x"; }
  std::string Ours() const { return "the file " + (directory / "freeze").string() + " exists"; }

  const std::filesystem::path directory = FreshDirectory();
  const FreezeFile file{(directory / "freeze").string()};
};

}  // namespace

TEST_CASE_METHOD(Fixture, "The file freezes while it is there, also what was thawed by a call") {
  CHECK_FALSE(file.Look(false, "").has_value());
  Touch();
  const auto freeze = file.Look(false, "");
  REQUIRE(freeze.has_value());
  CHECK(freeze->frozen);
  CHECK(freeze->reason == Ours());
  CHECK_FALSE(file.Look(true, Ours()).has_value());
}

TEST_CASE_METHOD(Fixture, "When the file is gone its own freeze ends, also one from before a restart") {
  const auto thaw = file.Look(true, Ours());
  REQUIRE(thaw.has_value());
  CHECK_FALSE(thaw->frozen);
}

TEST_CASE_METHOD(Fixture, "What a call froze stays frozen, whether the file comes or goes") {
  CHECK_FALSE(file.Look(true, "incident 42").has_value());
  Touch();
  CHECK_FALSE(file.Look(true, "incident 42").has_value());
}

TEST_CASE_METHOD(Fixture, "A file that cannot be looked at thaws nothing") {
  const std::string path = (directory / std::string(300, 'x')).string();  // longer than a name may be
  CHECK_FALSE(FreezeFile(path).Look(true, "the file " + path + " exists").has_value());
}

}  // namespace shadowd::daemon
