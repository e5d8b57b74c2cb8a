#include "store/writer.h"

#include <future>

#include "require_ok.h"
#include "unit/store/fault_vfs.h"
#include "unit/store/samples.h"
#include "unit/store/temp_directory.h"

namespace shadowd::store {
namespace {

using std::chrono::milliseconds;

struct Fixture {
  FaultVfs vfs;
  TempDirectory directory;
  std::unique_ptr<Writer> writer;

  void Start(Options options = {}) {
    auto committer = Committer::Open(directory.path());
    REQUIRE_OK(committer);
    options.directory = directory.path();
    options.clock = [] { return At(0); };
    writer = std::make_unique<Writer>(*std::move(committer), options, [] {});
  }
  StatusOr<int64_t> CommitAndWait(std::vector<ports::Mutation> mutations) {
    auto promise = std::make_shared<std::promise<StatusOr<int64_t>>>();
    auto future = promise->get_future();
    const Status status = writer->Commit(std::move(mutations), [promise](StatusOr<int64_t> revision) {
      promise->set_value(std::move(revision));
    });
    return status.ok() ? future.get() : StatusOr<int64_t>(status);
  }
};

// Holds the writer thread inside a `done` until it is let go.
class Plug {
 public:
  explicit Plug(Writer& writer) {
    auto entered = std::make_shared<std::promise<void>>();
    std::future<void> in = entered->get_future();
    const Status status =
        writer.Commit({}, [entered, wait = let_go_.get_future().share()](const StatusOr<int64_t>&) {
          entered->set_value();
          wait.wait();
        });
    REQUIRE_OK(status);
    in.wait();
  }
  void LetGo() { let_go_.set_value(); }

 private:
  std::promise<void> let_go_;
};

TEST_CASE_METHOD(Fixture, "batches are acknowledged in the order of the calls, with consecutive revisions") {
  Start({.group_max = 7});
  std::vector<std::pair<int, int64_t>> seen;  // on the writer thread, read after Close
  for (int i = 0; i < 100; ++i) {
    REQUIRE_OK(writer->Commit({Of("web", SampleInstance("web", i))}, [&seen, i](StatusOr<int64_t> revision) {
      seen.emplace_back(i, revision.value_or(-1));
    }));
  }
  writer->Close();
  REQUIRE(seen.size() == 100);
  for (int i = 0; i < 100; ++i) {
    REQUIRE(seen[static_cast<size_t>(i)].first == i);
    REQUIRE(seen[static_cast<size_t>(i)].second == seen[0].second + i);
  }
  CHECK(writer->stats().commits == 100);
  CHECK(writer->stats().rows == 100);
  CHECK(writer->stats().groups < 100);
}

TEST_CASE_METHOD(Fixture, "what waits together becomes one transaction") {
  Start();
  Plug plug(*writer);
  const uint64_t before = writer->stats().groups;
  for (int i = 0; i < 50; ++i) {
    REQUIRE_OK(writer->Commit({Of("web", SampleInstance("web", i))}, {}));
  }
  CHECK(writer->stats().queue_depth == 50);
  plug.LetGo();
  writer->Close();
  CHECK(writer->stats().groups == before + 1);
}

TEST_CASE_METHOD(Fixture, "a full queue refuses and loses nothing that it took") {
  Start({.queue_max = 3});
  Plug plug(*writer);
  int done = 0;
  for (int i = 0; i < 3; ++i) {
    REQUIRE_OK(writer->Commit({Of("web", SampleInstance("web", i))},
                              [&](const StatusOr<int64_t>& r) { done += r.ok(); }));
  }
  const Status status = writer->Commit({}, [](const StatusOr<int64_t>&) { std::abort(); });
  CHECK(absl::IsResourceExhausted(status));
  CHECK(ReasonOf(status) == "STORE_QUEUE_FULL");
  CHECK(writer->stats().refused == 1);
  plug.LetGo();
  writer->Close();
  CHECK(done == 3);
}

TEST_CASE_METHOD(Fixture, "a done may commit again") {
  Start();
  std::promise<int64_t> second;
  REQUIRE_OK(writer->Commit({}, [&](const StatusOr<int64_t>&) {
    const Status status =
        writer->Commit({}, [&](StatusOr<int64_t> revision) { second.set_value(revision.value_or(-1)); });
    if (!status.ok()) {
      second.set_value(-2);
    }
  }));
  CHECK(second.get_future().get() > 0);
}

TEST_CASE_METHOD(Fixture, "a closed writer has finished what it took and takes no more") {
  Start();
  bool done = false;
  REQUIRE_OK(
      writer->Commit({Of("web", SampleService("web"))}, [&](const StatusOr<int64_t>& r) { done = r.ok(); }));
  writer->Close();
  writer->Close();
  CHECK(done);
  CHECK(ReasonOf(writer->Commit({}, {})) == "STORE_CLOSED");
}

TEST_CASE_METHOD(Fixture,
                 "while the disk fails all that waits is refused, and later calls, until it works again") {
  Start({.probe_interval = milliseconds(5)});
  REQUIRE_OK(CommitAndWait({Of("web", SampleService("web"))}));
  std::vector<Status> results;
  {
    Plug plug(*writer);
    vfs.FailSyncsAfter(0, "state.db");
    for (int i = 0; i < 5; ++i) {
      REQUIRE_OK(
          writer->Commit({Of("web", SampleInstance("web", i))},
                         [&](const StatusOr<int64_t>& revision) { results.push_back(revision.status()); }));
    }
    plug.LetGo();
  }
  while (writer->stats().writable) {
    std::this_thread::yield();
  }
  const Status refused = writer->Commit({}, {});
  CHECK(absl::IsInternal(refused));
  CHECK(ReasonOf(refused) == "STORE_NOT_WRITABLE");
  CHECK_FALSE(writer->stats().last_error.empty());

  vfs.Heal();
  while (!writer->stats().writable) {
    std::this_thread::yield();
  }
  REQUIRE_OK(CommitAndWait({Of("web", SampleInstance("web", 7))}));
  writer->Close();
  CHECK(results.size() == 5);
  for (const Status& status : results) {
    CHECK(absl::IsInternal(status));
  }
  auto state = Database::Open(StatePath(directory.path()), Access::kReadOnly, Sync::kFull);
  REQUIRE_OK(state);
  CHECK(*state->QueryInt("SELECT count(*) FROM instances") == 1);
}

TEST_CASE_METHOD(Fixture, "many threads may commit at once") {
  Start();
  std::atomic<int> acknowledged{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const auto count = [&](const StatusOr<int64_t>& revision) { acknowledged += revision.ok(); };
        (void)writer->Commit({Of("web", SampleInstance("web", t * 100 + i))}, count);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  writer->Close();
  CHECK(acknowledged == 200);
}

}  // namespace
}  // namespace shadowd::store
