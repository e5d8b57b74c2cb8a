#include "daemon/rpc/resource_table.h"

#include "require_ok.h"
#include "shadowd/v1/trials.pb.h"

namespace shadowd::daemon {
namespace {

Resource TrialOf(const std::string& name) {
  auto trial = std::make_shared<v1::Trial>();
  trial->set_name(name);
  return trial;
}

std::vector<std::string> NamesOf(const std::vector<Resource>& resources) {
  std::vector<std::string> names;
  for (const Resource& resource : resources) {
    names.push_back(static_cast<const v1::Trial&>(*resource).name());
  }
  return names;
}

using Names = std::vector<std::string>;

void Add(ResourceTable& table, int64_t revision, const std::string& service, const std::string& id,
         bool ended = false) {
  const std::string name = "services/" + service + "/trials/" + id;
  table.Put(revision, name, TrialOf(name), {"services/" + service, ended ? "SETTLED" : "MEASURING", ended});
}

}  // namespace

TEST_CASE("Names order as people count") {
  const NaturalLess less;
  CHECK(less("web-t9", "web-t10"));
  CHECK_FALSE(less("web-t10", "web-t9"));
  CHECK(less("web-t9/a", "web-t10/a"));
  CHECK(less("web", "web-2"));
  CHECK(less("t007", "t8"));
  CHECK(less("t07", "t7") != less("t7", "t07"));
  CHECK_FALSE(less("t7", "t7"));
  CHECK(less("a/99999999999999999999999", "a/100000000000000000000000"));
}

TEST_CASE("A listing stays below its parent, in either order, page after page") {
  ResourceTable table({16, 16});
  int64_t revision = 0;
  for (const char* service : {"web", "web7", "web70", "web8"}) {
    for (int i = 8; i <= 11; ++i) {
      Add(table, ++revision, service, fmt::format("t{}", i));
    }
  }
  const ParentFilter web7("services/web7");
  const std::string base = "services/web7/trials/";
  CHECK(NamesOf(table.List(web7, ListOrder::kByName, "", 99)) ==
        Names{base + "t8", base + "t9", base + "t10", base + "t11"});
  CHECK(NamesOf(table.List(web7, ListOrder::kNewestFirst, "", 2)) == Names{base + "t11", base + "t10"});
  CHECK(NamesOf(table.List(web7, ListOrder::kNewestFirst, base + "t10", 9)) ==
        Names{base + "t9", base + "t8"});
  CHECK(NamesOf(table.List(web7, ListOrder::kByName, base + "t10", 9)) == Names{base + "t11"});
  CHECK(table.List(ParentFilter("services/-"), ListOrder::kByName, "", 99).size() == 16);
  CHECK(table.List(ParentFilter(""), ListOrder::kNewestFirst, "", 99).size() == 16);
  CHECK(table.List(ParentFilter("services/we"), ListOrder::kByName, "", 99).empty());
}

TEST_CASE("A wildcard stands for any one id") {
  const ParentFilter filter("services/-/trials/web-t1");
  CHECK(filter.Matches("services/web/trials/web-t1/shadows/x"));
  CHECK_FALSE(filter.Matches("services/web/trials/web-t10/shadows/x"));
  CHECK(ParentFilter("services/web/trials/-").Matches("services/web/trials/web-t1/shadows/x"));
  CHECK_FALSE(ParentFilter("services/web/trials/-").Matches("services/web2/trials/web-t1/shadows/x"));
}

TEST_CASE("Of what has ended the newest are kept, per service") {
  ResourceTable table({100, 2});
  Add(table, 1, "a", "t1", true);
  Add(table, 2, "a", "t2", true);
  Add(table, 3, "b", "t1", true);
  Add(table, 4, "a", "t3");
  Add(table, 5, "a", "t3", true);
  CHECK(table.Get("services/a/trials/t1") == nullptr);
  CHECK(table.Get("services/a/trials/t2") != nullptr);
  CHECK(table.Get("services/b/trials/t1") != nullptr);
  CHECK(table.tally().at("SETTLED") == 3);
  CHECK(table.tally().count("MEASURING") == 0);
  CHECK(table.live_total() == 0);
  int64_t cursor = 0;
  const auto changes = table.ChangesSince(4, 5, ParentFilter(""), 10, &cursor);
  REQUIRE_OK(changes);
  REQUIRE(changes->size() == 2);
  CHECK((*changes)[1].removed);
  CHECK((*changes)[1].name == "services/a/trials/t1");
}

TEST_CASE("Changes are given in batches that never split a revision") {
  ResourceTable table({100, 100});
  Add(table, 1, "a", "t1");
  Add(table, 2, "a", "t2");
  Add(table, 3, "a", "t3");
  table.RemoveBelow(4, "services/a");
  int64_t cursor = 0;
  auto changes = table.ChangesSince(1, 4, ParentFilter(""), 1, &cursor);
  REQUIRE_OK(changes);
  CHECK(changes->size() == 1);
  CHECK(cursor == 2);
  changes = table.ChangesSince(3, 4, ParentFilter(""), 1, &cursor);
  REQUIRE_OK(changes);
  CHECK(changes->size() == 3);
  CHECK(cursor == 4);
}

TEST_CASE("A revision that is no longer kept, or not yet given, is out of range") {
  ResourceTable table({2, 100});
  for (int i = 1; i <= 5; ++i) {
    Add(table, i, "a", fmt::format("t{}", i));
  }
  int64_t cursor = 0;
  CHECK(table.floor() == 3);
  CHECK(absl::IsOutOfRange(table.ChangesSince(2, 5, ParentFilter(""), 9, &cursor).status()));
  CHECK(absl::IsOutOfRange(table.ChangesSince(6, 5, ParentFilter(""), 9, &cursor).status()));
  CHECK(table.ChangesSince(3, 5, ParentFilter(""), 9, &cursor)->size() == 2);
}

}  // namespace shadowd::daemon
