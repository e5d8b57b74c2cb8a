// The answer to a journal: what a replay comes to in words, in JSON and as an exit code of the program.
#include "lab/replay_command.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "journal/writer.h"
#include "require_ok.h"
#include "run_program.h"

namespace shadowd::lab {
namespace {

using Catch::Matchers::Contains;

const WallTime kStart = WallFromMicros(1'769'850'300'250'000);  // 2026-01-31T09:05:00.25Z

// A core that refused what nobody knows, and was frozen two seconds later.
std::string Journal(bool tampered) {
  const control::CoreOptions options;
  control::Core core(options);
  std::string bytes =
      journal::FileHeader() + journal::Encode(journal::Start{"1.2.3", kStart, options, false, ""});
  const auto step = [&](const ports::Event& event, Micros at, bool twice) {
    const Now now{MonoTime(at), kStart + at};
    ports::Outcome outcome = core.Step(event, now);
    if (twice) {
      outcome.actions.push_back({model::ServiceId(), ports::StopObserving{}});
    }
    bytes += journal::EncodeStep(event, now, outcome);
  };
  step({model::ServiceId("web"), ports::Retrain{}, 1, "me"}, Micros(0), false);
  step({model::ServiceId(), ports::Freeze{true, "why"}, 2, "me"}, std::chrono::seconds(2), tampered);
  return bytes;
}

class Files {
 public:
  Files() {
    char path[] = "/tmp/shadow-lab-XXXXXX";
    path_ = ::mkdtemp(path);
  }
  ~Files() { std::filesystem::remove_all(path_); }
  std::string Write(const std::string& bytes) const {
    std::ofstream(path_ + "/journal", std::ios::binary) << bytes;
    return path_ + "/journal";
  }

 private:
  std::string path_;
};

ProgramResult Replay(const std::string& arguments) {
  return RunProgram(std::string(SHADOW_LAB) + " replay " + arguments + " 2>&1");
}

TEST_CASE("a journal that replays exactly is told so, with its events and its span") {
  const Files files;
  const std::string file = files.Write(Journal(false));
  const ProgramResult text = Replay(file);
  CHECK(text.code == 0);
  CHECK_THAT(text.out, Contains("2 events in 2.0 s, written by version 1.2.3") &&
                           Contains("without an end: the daemon was killed, or still runs") &&
                           Contains("It replays exactly."));
  CHECK_THAT(text.out, !Contains("frozen=true"));
  CHECK_THAT(Replay(file + " --transitions").out,
             Contains("2026-01-31T09:05:02.250000Z") && Contains("frozen"));

  const ProgramResult json = Replay(file + " -o json");
  CHECK(json.code == 0);
  const auto answer = nlohmann::json::parse(json.out);
  CHECK(answer["events"] == 2);
  CHECK(answer["replayed"] == 2);
  CHECK(answer["exact"] == true);
  CHECK(answer["difference"].is_null());
  CHECK(answer["start_time"] == "2026-01-31T09:05:00.250000Z");
  CHECK(answer["seconds"] == 2.0);
  CHECK(answer["events_by_kind"]["Freeze"] == 1);
}

TEST_CASE("an entry that says another thing than the core does is exit code 1, with both") {
  const Files files;
  const std::string file = files.Write(Journal(true));
  const ProgramResult text = Replay(file);
  CHECK(text.code == 1);
  CHECK_THAT(text.out, Contains("It differs at event 2: Freeze at 2026-01-31T09:05:02.250000Z") &&
                           Contains(": recorded StopObserving, now nothing"));
  const ProgramResult json = Replay(file + " -o json");
  CHECK(json.code == 1);
  const auto answer = nlohmann::json::parse(json.out);
  CHECK(answer["replayed"] == 1);
  CHECK(answer["exact"] == false);
  CHECK(answer["difference"]["event"] == 2);
  CHECK(answer["difference"]["kind"] == "Freeze");
  CHECK(answer["difference"]["recorded"] == "StopObserving");
  CHECK(answer["difference"]["replayed"] == "nothing");
}

TEST_CASE("what cannot be read is exit code 2 in clear words; a torn tail is none of it") {
  const Files files;
  const std::string bytes = Journal(false);
  const ProgramResult torn = Replay(files.Write(bytes.substr(0, bytes.size() - 3)));
  CHECK(torn.code == 0);
  CHECK_THAT(torn.out, Contains("1 events") && Contains("in the middle of an entry"));

  std::string damaged = bytes;
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  const ProgramResult broken = Replay(files.Write(damaged));
  CHECK(broken.code == 2);
  CHECK_THAT(broken.out, Contains("It replays exactly up to the damage, 1 events.") &&
                             Contains("/journal: offset") && Contains("it fails its check"));

  std::string later = bytes;
  later[8] = 2;
  const ProgramResult version = Replay(files.Write(later));
  CHECK(version.code == 2);
  CHECK_THAT(version.out, Contains("a journal of format 2; this version reads format 1"));

  for (const std::string& rubbish :
       {std::string(), std::string("SQLite format 3"), std::string(4096, '\0')}) {
    const ProgramResult refused = Replay(files.Write(rubbish) + " -o json");
    CHECK(refused.code == 2);
    CHECK_THAT(refused.out, Contains("/journal: no journal"));
  }
  CHECK(Replay("/nowhere/journal").code == 3);
}

}  // namespace
}  // namespace shadowd::lab
