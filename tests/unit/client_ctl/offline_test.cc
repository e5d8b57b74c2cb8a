// The commands without a daemon: told from the others, and handed to shadow-lab as they were typed.
#include "offline.h"

#include <stdlib.h>

#include <filesystem>

#include "require_ok.h"
#include "run_program.h"

namespace shadowd::ctl {
namespace {

using Words = std::vector<std::string>;

std::optional<Words> Of(std::vector<const char*> argv) {
  argv.insert(argv.begin(), "shadowctl");
  return OfflineArguments(static_cast<int>(argv.size()), argv.data());
}

ProgramResult Run(const std::string& command) {
  return RunProgram(command + " 2>&1");
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("Offline commands keep their arguments; options of the output before them go along") {
  CHECK(Of({"simulate", "--trace", "get", "--json"}) == Words{"simulate", "--trace", "get", "--json"});
  CHECK(Of({"replay", "/var/lib/shadowd/journal", "-o", "json"}) ==
        Words{"replay", "/var/lib/shadowd/journal", "-o", "json"});
  CHECK(Of({"forecast", "evaluate"}) == Words{"forecast", "evaluate"});
  CHECK(Of({"--json", "analyze", "--samples", "s"}) == Words{"analyze", "--samples", "s", "--json"});
  CHECK(Of({"-o", "json", "--address", "unix:///x", "capacity", "fit"}) ==
        Words{"capacity", "fit", "-o", "json"});
  CHECK(Of({"--timeout=3", "--output=json", "simulate"}) == Words{"simulate", "--output=json"});
}

TEST_CASE("Commands of the daemon stay with shadowctl") {
  CHECK_FALSE(Of({}).has_value());
  CHECK_FALSE(Of({"--help"}).has_value());
  CHECK_FALSE(Of({"get", "forecast"}).has_value());
  CHECK_FALSE(Of({"--address", "simulate"}).has_value());
  CHECK_FALSE(Of({"describe", "forecast", "simulate"}).has_value());
}

TEST_CASE("shadowctl becomes shadow-lab, and its exit code is that of the command") {
  const ProgramResult missing = Run(SHADOWCTL " forecast evaluate --input /nowhere/t.csv");
  CHECK(missing.code == 3);
  CHECK(Has(missing.out, "/nowhere/t.csv: No such file"));
  CHECK(Run(SHADOWCTL " --json simulate").code == 2);
  CHECK(Has(Run(SHADOWCTL " simulate --help").out, "--history-share"));
}

TEST_CASE("Where shadow-lab is not installed the error says where it was looked for") {
  char path[] = "/tmp/shadowctl-XXXXXX";
  const std::string folder = ::mkdtemp(path);
  std::filesystem::copy_file(SHADOWCTL, folder + "/shadowctl");
  const ProgramResult alone = Run("PATH=/nowhere " + folder + "/shadowctl capacity fit");
  CHECK(alone.code == 3);
  CHECK(Has(alone.out, "there is no shadow-lab beside this program (" + folder + ")"));
  std::filesystem::remove_all(folder);
}

TEST_CASE("Help lists the offline commands with a line each") {
  const ProgramResult help = Run(SHADOWCTL " --help");
  for (const OfflineCommand& command : kOfflineCommands) {
    CAPTURE(command.name);
    CHECK(Has(help.out, command.help));
  }
}

}  // namespace shadowd::ctl
