// Watches: snapshot, changes, resumption, compaction, drain.
#include <atomic>
#include <mutex>

#include "rig.h"
#include "shadowd/v1/trials.grpc.pb.h"

namespace shadowd {
namespace {

using Kind = client::Change<v1::Trial>::Kind;

struct Seen {
  Kind kind;
  std::string name;
  int64_t revision;
};

// Watches trials on a thread of its own and keeps what it saw.
class Watcher {
 public:
  Watcher(client::Client& client, int64_t resume, std::string parent = "services/-") {
    thread_ = std::jthread([this, &client, resume, parent](const std::stop_token& stop) {
      client::WatchOptions options;
      options.resume_revision = resume;
      status_ = client.Watch<v1::Trial>(
          parent, options,
          [this](const client::Change<v1::Trial>& change) {
            const std::lock_guard lock(mutex_);
            seen_.push_back({change.kind, change.resource.name(), change.revision});
            return true;
          },
          stop);
      done_ = true;
    });
  }
  std::vector<Seen> seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  bool WaitFor(size_t count) {
    return Eventually([&] { return seen().size() >= count; });
  }
  bool WaitForEnd() {
    return Eventually([&] { return done_.load(); });
  }
  Status Stop() {
    thread_.request_stop();
    thread_.join();
    return status_;
  }

 private:
  std::mutex mutex_;
  std::vector<Seen> seen_;
  std::atomic<bool> done_{false};
  Status status_;
  std::jthread thread_;
};

}  // namespace

TEST_CASE("A watch begins with a snapshot, marks its end and goes on with changes") {
  Rig rig;
  rig.Apply("web");
  rig.PutTrial("web", "web-t1", model::TrialState::kMeasuring);
  Watcher watcher(*rig.client, 0, "services/web");
  REQUIRE(watcher.WaitFor(2));
  rig.PutTrial("db", "db-t1", model::TrialState::kMeasuring);  // not of this parent
  rig.PutTrial("web", "web-t1", model::TrialState::kSettled);
  REQUIRE_OK(rig.client->DeleteService("services/web"));
  REQUIRE(watcher.WaitFor(4));
  const auto seen = watcher.seen();
  CHECK(seen[0].kind == Kind::kSnapshot);
  CHECK(seen[0].revision == 0);
  CHECK(seen[1].kind == Kind::kSnapshotEnd);
  CHECK(seen[2].kind == Kind::kChanged);
  CHECK(seen[2].revision > seen[1].revision);
  CHECK(seen[3].kind == Kind::kDeleted);
  CHECK(seen[3].name == "services/web/trials/web-t1");
  CHECK(absl::IsCancelled(watcher.Stop()));
  CHECK(Eventually([&] { return rig.server->open_streams() == 0; }));
  size_t watchers = 1;
  rig.loop.Sync([&](daemon::Catalogue& catalogue) { watchers = catalogue.watchers(); });
  CHECK(watchers == 0);
}

TEST_CASE("A watch that resumes gets exactly what it missed") {
  Rig rig;
  int64_t revision = 0;
  rig.PutTrial("web", "web-t1", model::TrialState::kMeasuring);
  rig.loop.Sync([&](daemon::Catalogue& catalogue) { revision = catalogue.revision(); });
  for (int i = 2; i <= 600; ++i) {
    rig.PutTrial("web", "web-t" + std::to_string(i), model::TrialState::kMeasuring);
  }
  Watcher watcher(*rig.client, revision);
  REQUIRE(watcher.WaitFor(599));
  rig.PutTrial("web", "web-t601", model::TrialState::kMeasuring);
  REQUIRE(watcher.WaitFor(600));
  const auto seen = watcher.seen();
  REQUIRE(seen.size() == 600);
  for (size_t i = 0; i < seen.size(); ++i) {
    REQUIRE(seen[i].kind == Kind::kChanged);
    REQUIRE(seen[i].name == "services/web/trials/web-t" + std::to_string(i + 2));
  }
  CHECK(absl::IsCancelled(watcher.Stop()));
}

TEST_CASE("A client that fell behind the history is told so and begins anew") {
  Rig rig({16, 1000});
  rig.PutTrial("web", "web-t1", model::TrialState::kMeasuring);
  int64_t revision = 0;
  rig.loop.Sync([&](daemon::Catalogue& catalogue) { revision = catalogue.revision(); });
  for (int i = 2; i <= 40; ++i) {
    rig.PutTrial("web", "web-t" + std::to_string(i), model::TrialState::kMeasuring);
  }
  v1::Trials::Stub stub(rig.channel);
  grpc::ClientContext context;
  v1::WatchTrialsRequest request;
  request.set_parent("services/-");
  request.set_resume_revision(revision);
  const auto reader = stub.WatchTrials(&context, request);
  v1::WatchTrialsResponse response;
  CHECK_FALSE(reader->Read(&response));
  CHECK(reader->Finish().error_code() == grpc::OUT_OF_RANGE);

  Watcher watcher(*rig.client, revision);  // the library lists anew by itself
  REQUIRE(watcher.WaitFor(41));
  CHECK(watcher.seen().front().kind == Kind::kSnapshot);
  CHECK(absl::IsCancelled(watcher.Stop()));
}

TEST_CASE("A client that does not read costs a bounded amount and is cut when it reads again") {
  Rig rig({64, 100'000});
  v1::Trials::Stub stub(rig.channel);
  grpc::ClientContext context;
  v1::WatchTrialsRequest request;
  request.set_parent("services/-");
  const auto reader = stub.WatchTrials(&context, request);
  v1::WatchTrialsResponse response;
  REQUIRE(reader->Read(&response));
  REQUIRE(response.type() == v1::WatchEvent::SNAPSHOT_END);
  model::Trial trial;
  trial.id = model::TrialId("web-t1");
  trial.service = model::ServiceId("web");
  trial.note = std::string(200'000, 'x');  // 500 of them are more than flow control lets through
  for (int i = 0; i < 500; ++i) {
    rig.loop.Put(trial.service, trial);
  }
  int read = 0;
  while (reader->Read(&response)) {
    ++read;
  }
  CHECK(read < 500);
  CHECK(reader->Finish().error_code() == grpc::OUT_OF_RANGE);
}

TEST_CASE("Malformed watches are refused, and their number is bounded") {
  daemon::EdgeLimits limits;
  limits.open_calls_max = 1;
  Rig rig({}, limits);
  const auto never = [](const auto&) { return true; };
  CHECK(absl::IsInvalidArgument(rig.client->Watch<v1::Trial>("web", {}, never)));
  client::WatchOptions negative;
  negative.resume_revision = -1;
  CHECK(absl::IsInvalidArgument(rig.client->Watch<v1::Trial>("services/-", negative, never)));
  Watcher watcher(*rig.client, 0);
  REQUIRE(watcher.WaitFor(1));
  CHECK(absl::IsResourceExhausted(rig.client->Watch<v1::Trial>("services/-", {}, never)));
  CHECK(absl::IsCancelled(watcher.Stop()));
}

TEST_CASE("A drain ends open watches and waits, refuses new calls, and takes the socket away") {
  Rig rig;
  rig.Apply("web");
  const auto decision = rig.client->ProposeScaling("services/web", 2);
  REQUIRE_OK(decision);
  v1::Trials::Stub stub(rig.channel);
  grpc::ClientContext context;
  v1::WatchTrialsRequest request;
  request.set_parent("services/-");
  const auto reader = stub.WatchTrials(&context, request);
  v1::WatchTrialsResponse response;
  REQUIRE(reader->Read(&response));
  StatusOr<v1::Decision> waited = *decision;
  client::Options once;
  once.address = "unix://" + rig.options.socket.path;
  once.attempts = 1;
  const auto impatient = client::Client::Connect(once).value();
  std::thread waiter([&] { waited = impatient->WaitDecision(decision->name(), std::chrono::minutes(1)); });
  REQUIRE(Eventually([&] { return rig.server->open_streams() == 2; }));

  rig.loop.SetDraining();
  CHECK(absl::IsUnavailable(impatient->GetStatus().status()));
  std::atomic<bool> drained{false};
  const auto begin = std::chrono::steady_clock::now();
  rig.server->Drain(std::chrono::seconds(5), [&] { drained = true; });
  waiter.join();
  CHECK(absl::IsUnavailable(waited.status()));
  CHECK_FALSE(reader->Read(&response));
  CHECK(reader->Finish().error_code() == grpc::UNAVAILABLE);
  REQUIRE(Eventually([&] { return drained.load(); }));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(4));
  CHECK_FALSE(std::filesystem::exists(rig.options.socket.path));
  rig.server.reset();
}

TEST_CASE("A watch of the client library survives a restart of the server") {
  Rig rig;
  rig.PutTrial("web", "web-t1", model::TrialState::kMeasuring);
  Watcher watcher(*rig.client, 0);
  REQUIRE(watcher.WaitFor(2));
  rig.server.reset();
  rig.PutTrial("web", "web-t2", model::TrialState::kMeasuring);
  rig.Start();
  REQUIRE(watcher.WaitFor(3));
  CHECK(watcher.seen()[2].kind == Kind::kChanged);
  CHECK(watcher.seen()[2].name == "services/web/trials/web-t2");
  CHECK(absl::IsCancelled(watcher.Stop()));
}

}  // namespace shadowd
