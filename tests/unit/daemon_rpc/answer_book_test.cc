// The book of answers: kept over a restart, whole, bounded.
#include "daemon/rpc/answer_book.h"

#include <filesystem>
#include <fstream>

#include "rig.h"

namespace shadowd::daemon {

TEST_CASE("A book is read again as it was written") {
  const Directory directory;
  const std::string path = directory.path() + "/answers";
  const AnswerBook::Answer first{7, kRigNow};
  const AnswerBook::Answer second{0.1 + 0.2, kRigNow - std::chrono::hours(1)};
  {
    AnswerBook book(path);
    book.Keep("web replicas confirmed 0", {3, kRigNow - std::chrono::hours(2)});
    book.Keep("web replicas confirmed 0", first);
    book.Keep("db expected forecast 60000000", second);
    book.Keep("old replicas confirmed 0", {1, kRigNow - std::chrono::hours(25)});
  }
  const AnswerBook book(path);
  CHECK(book.Find("web replicas confirmed 0") == first);
  CHECK(book.Find("db expected forecast 60000000") == second);
  CHECK_FALSE(book.Find("old replicas confirmed 0"));
  CHECK_FALSE(std::filesystem::exists(path + ".new"));
}

TEST_CASE("Damaged lines are left out and the rest is read") {
  const Directory directory;
  const std::string path = directory.path() + "/answers";
  std::ofstream(path) << "web\t4\t1700000100000000\nno tab\na\t\nb\tnan\t1\nc\t-1\t1\nd\t1\t2\t3\ne\t5";
  const AnswerBook book(path);
  CHECK(book.Find("web") == AnswerBook::Answer{4, kRigNow});
  for (const char* key : {"a", "b", "c", "d", "e", "no tab"}) {
    CHECK_FALSE(book.Find(key));
  }
}

TEST_CASE("A full book takes no new keys and goes on with those it has") {
  AnswerBook book("");
  for (size_t i = 0; i <= AnswerBook::kAnswersMax; ++i) {
    book.Keep(std::to_string(i), {1, kRigNow});
  }
  book.Keep("0", {2, kRigNow});
  CHECK(book.Find("0")->value == 2);
  CHECK_FALSE(book.Find(std::to_string(AnswerBook::kAnswersMax)));
}

}  // namespace shadowd::daemon
