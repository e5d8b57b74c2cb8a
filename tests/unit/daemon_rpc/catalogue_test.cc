#include "daemon/rpc/catalogue.h"

#include "require_ok.h"
#include "shadowd/v1/services.pb.h"

namespace shadowd::daemon {
namespace {

const model::ServiceId kWeb("web");

model::Service ServiceOf(const model::ServiceId& id) {
  model::Service service;
  service.spec.id = id;
  return service;
}

void Apply(Catalogue& catalogue, ports::Change change) {
  catalogue.Apply(catalogue.NextRevision(WallTime()), {kWeb, std::move(change)});
}

const v1::Service& Web(const Catalogue& catalogue) {
  return static_cast<const v1::Service&>(*catalogue.Get(Noun::kService, "services/web"));
}

}  // namespace

TEST_CASE("Revisions follow the wall clock and never stand still") {
  Catalogue catalogue({});
  CHECK(catalogue.NextRevision(WallFromMicros(1000)) == 1000);
  catalogue.Apply(1000, {kWeb, ports::SequenceSet{1}});
  CHECK(catalogue.NextRevision(WallFromMicros(1000)) == 1001);
  CHECK(catalogue.NextRevision(WallFromMicros(5)) == 1001);
}

TEST_CASE("A service shows how many of its instances have not ended") {
  Catalogue catalogue({});
  Apply(catalogue, ServiceOf(kWeb));
  model::Instance instance;
  instance.id = model::ReplicaId("web-i1");
  instance.service = kWeb;
  Apply(catalogue, instance);
  CHECK(Web(catalogue).instances() == 1);
  instance.state = model::ReplicaState::kStopped;
  Apply(catalogue, instance);
  CHECK(Web(catalogue).instances() == 0);
  CHECK(catalogue.size(Noun::kInstance) == 1);
}

TEST_CASE("With a service goes all that belonged to it") {
  Catalogue catalogue({});
  Apply(catalogue, ServiceOf(kWeb));
  model::Forecast forecast;
  forecast.service = kWeb;
  Apply(catalogue, forecast);
  model::Trial trial;
  trial.id = model::TrialId("web-t1");
  trial.service = kWeb;
  Apply(catalogue, trial);
  int woken = 0;
  const auto watch = catalogue.Watch(Noun::kTrial, [&woken] { ++woken; });
  Apply(catalogue, ports::ServiceRemoved{kWeb});
  CHECK(woken == 1);
  catalogue.Unwatch(watch);
  for (const Noun noun : kAllNouns) {
    CHECK(catalogue.size(noun) == 0);
  }
  CHECK(catalogue.live(Noun::kTrial) == 0);
}

TEST_CASE("What was restored cannot be resumed from") {
  Catalogue catalogue({});
  Apply(catalogue, ServiceOf(kWeb));
  const int64_t restored = catalogue.revision();
  Apply(catalogue, ServiceOf(kWeb));
  catalogue.StartHistory();
  int64_t cursor = 0;
  CHECK(absl::IsOutOfRange(
      catalogue.ChangesSince(Noun::kService, restored, ParentFilter(""), 9, &cursor).status()));
  CHECK(catalogue.compaction_revision() == catalogue.revision());
  REQUIRE_OK(catalogue.ChangesSince(Noun::kService, catalogue.revision(), ParentFilter(""), 9, &cursor));
}

}  // namespace shadowd::daemon
