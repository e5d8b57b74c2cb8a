#include "daemon/recorder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "require_ok.h"
#include "sim/replay.h"

namespace shadowd::daemon {
namespace {

using Catch::Matchers::Contains;

class Folder {
 public:
  Folder() { REQUIRE(::mkdtemp(path_.data()) != nullptr); }
  ~Folder() {
    for (const char* name : {"journal", "journal.1"}) {
      ::unlink(File(name).c_str());
    }
    ::rmdir(path_.c_str());
  }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_ = "/tmp/shadowd-recorder.XXXXXX";
};

std::string ReadText(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// Steps a core under the recorder: an unknown service that a caller asks about.
void StepOnce(control::Core& core, Recorder& recorder, const std::string& actor) {
  const ports::Event event{model::ServiceId("web"), ports::Retrain{}, 1, actor};
  const Now now{MonoTime(), WallTime(std::chrono::hours(1))};
  recorder.OnStep(event, now, core.Step(event, now));
}

TEST_CASE("a stopped daemon's journal replays exactly, and the one before is kept") {
  Folder folder;
  const control::CoreOptions options;
  for (const char* build : {"1", "2", "3"}) {
    control::Core core(options);
    auto recorder =
        Recorder::Create({folder.File("journal"), 1 << 20}, {build, WallTime(), options, false, ""});
    REQUIRE_OK(recorder);
    StepOnce(core, **recorder, "me");
    (*recorder)->OnStop(WallTime());
  }
  const auto replay = sim::ReplayJournal(ReadText(folder.File("journal")));
  REQUIRE_OK(replay);
  CHECK(replay->build == "3");
  CHECK(replay->replayed == 1);
  CHECK_FALSE(replay->difference);
  CHECK(replay->end == "the daemon stopped");
  CHECK(sim::ReplayJournal(ReadText(folder.File("journal.1")))->build == "2");
  struct stat file {};
  REQUIRE(::stat(folder.File("journal").c_str(), &file) == 0);
  CHECK((file.st_mode & 0777) == 0600);
}

TEST_CASE("at its bound the journal ends with an entry that says so") {
  Folder folder;
  const control::CoreOptions options;
  control::Core core(options);
  {
    auto recorder = Recorder::Create({folder.File("journal"), 4096}, {"1", WallTime(), options, false, ""});
    REQUIRE_OK(recorder);
    for (int i = 0; i < 1000; ++i) {
      StepOnce(core, **recorder, std::string(100, 'a'));
    }
    CHECK_FALSE((*recorder)->recording());
    (*recorder)->OnStop(WallTime());  // says nothing more
  }
  const std::string bytes = ReadText(folder.File("journal"));
  CHECK(bytes.size() <= 4096);
  CHECK(bytes.size() > 3500);
  const auto replay = sim::ReplayJournal(bytes);
  REQUIRE_OK(replay);
  REQUIRE_OK(replay->damage);
  CHECK(replay->replayed > 10);
  CHECK_FALSE(replay->difference);
  CHECK_THAT(replay->end, Contains("max_bytes"));
}

TEST_CASE("a journal where no file can be made is an error with the path") {
  const auto recorder = Recorder::Create({"/nonexistent/journal", 1 << 20}, {});
  REQUIRE_FALSE(recorder.ok());
  CHECK_THAT(MessageOf(recorder.status()), Contains("/nonexistent/journal"));
}

}  // namespace
}  // namespace shadowd::daemon
