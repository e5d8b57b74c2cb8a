#include "provider/replica_record.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "base/rng.h"
#include "require_ok.h"

namespace shadowd::provider {
namespace {

using nlohmann::json;

// Text as ids, versions and paths may have it, quotes, controls and all of UTF-8 included.
std::string AnyText(Rng& rng) {
  static const std::vector<std::string> kParts = {
      "a", "Z", "7", "-", "/", " ", "\"", "\\", "\n", "\x01", "\xc3\xbc", "\xe2\x82\xac", "\xf0\x9f\x99\x82",
      "{", "}"};
  std::string text;
  for (uint64_t i = rng.Below(12); i > 0; --i) {
    text += kParts[rng.Below(kParts.size())];
  }
  return text;
}

int64_t AnyCount(Rng& rng) {  // all magnitudes up to the largest
  return static_cast<int64_t>(rng.Next() >> (1 + rng.Below(63)));
}

model::ProcessIdentity AnyIdentity(Rng& rng) {
  return {static_cast<int64_t>(rng.Below(1U << 31)), static_cast<uint64_t>(AnyCount(rng)), AnyText(rng)};
}

ReplicaRecord AnyRecord(Rng& rng) {
  ReplicaRecord record;
  record.key = model::IntentKey(AnyText(rng));
  record.service = model::ServiceId(AnyText(rng));
  record.id = model::ReplicaId("web-i" + std::to_string(rng.Below(100)));
  record.role = rng.Below(2) == 0 ? model::Role::kInstance : model::Role::kShadow;
  record.version = AnyText(rng);
  record.process = AnyIdentity(rng);
  record.shim = AnyIdentity(rng);
  record.port = static_cast<int>(rng.Below(65'536));
  record.address = AnyText(rng);
  record.started_wall_us = AnyCount(rng) * (rng.Below(2) == 0 ? 1 : -1);
  record.ready = rng.Below(2) == 0;
  record.readiness.http_path = AnyText(rng);
  record.readiness.deadline = Micros(AnyCount(rng));
  record.readiness.interval = Micros(AnyCount(rng));
  record.stop_grace = Micros(AnyCount(rng));
  record.lease = Micros(AnyCount(rng));
  record.cgroup = rng.Below(4) == 0 ? "" : "shadows/" + record.id.str();
  return record;
}

ReplicaRecord Known() {
  Rng rng(7);
  ReplicaRecord record = AnyRecord(rng);
  record.id = model::ReplicaId("web-i1");
  record.cgroup = "instances/web-i1";
  return record;
}

TEST_CASE("A record that was written is read as it was") {
  Rng rng(GENERATE(1, 2, 3));
  for (int round = 0; round < 300; ++round) {
    const ReplicaRecord record = AnyRecord(rng);
    const std::string text = EncodeRecord(record);
    CAPTURE(text);
    CHECK(text.find('\n') == text.size() - 1);  // one line
    const StatusOr<ReplicaRecord> read = DecodeRecord(text);
    REQUIRE_OK(read);
    REQUIRE(*read == record);
  }
}

TEST_CASE("Bytes that are no UTF-8 are replaced, and the record can still be read") {
  ReplicaRecord record = Known();
  record.version = "v\xff\xfe-\xc3";
  const StatusOr<ReplicaRecord> read = DecodeRecord(EncodeRecord(record));
  REQUIRE_OK(read);
  CHECK(read->version == "v\xef\xbf\xbd\xef\xbf\xbd-\xef\xbf\xbd");
  record.version = read->version;
  CHECK(*read == record);
}

// Every member, inside the two identities as well, as a path.
std::vector<json::json_pointer> Members() {
  std::vector<json::json_pointer> members;
  const json flat = json::parse(EncodeRecord(Known())).flatten();
  for (const auto& [path, value] : flat.items()) {
    members.emplace_back(path);
  }
  return members;
}

TEST_CASE("A member that is missing or of another type is refused by its name") {
  const std::vector<json::json_pointer> members = Members();
  CHECK(members.size() == 21);
  for (const json::json_pointer& member : members) {
    json missing = json::parse(EncodeRecord(Known()));
    missing[member.parent_pointer()].erase(member.back());
    json other = json::parse(EncodeRecord(Known()));
    other[member] = json::array({1, "two"});
    for (const json& spoiled : {missing, other}) {
      const Status status = DecodeRecord(spoiled.dump()).status();
      CAPTURE(member.to_string(), status.ToString());
      REQUIRE(absl::IsInvalidArgument(status));
      REQUIRE(MessageOf(status).find("'" + member.back() + "'") != std::string::npos);
    }
  }
}

TEST_CASE("A value that cannot be is refused by the name of its member") {
  const auto [path, value, name] = GENERATE(table<std::string, json, std::string>(
      {{"/role", "SHADOW", "role"},
       {"/role", "", "role"},
       {"/port", -1, "port"},
       {"/port", 65'536, "port"},
       {"/port", 80.5, "port"},
       {"/port", "80", "port"},
       {"/ready", 1, "ready"},
       {"/lease_us", -1, "lease_us"},
       {"/stop_grace_us", -1, "stop_grace_us"},
       {"/ready_deadline_us", std::numeric_limits<int64_t>::min(), "ready_deadline_us"},
       {"/ready_interval_us", std::numeric_limits<uint64_t>::max(), "ready_interval_us"},
       {"/process", nullptr, "process"},
       {"/process/pid", -1, "process"},
       {"/process/pid", int64_t{1} << 31, "process"},
       {"/shim/start_ticks", -1, "shim"}}));
  json spoiled = json::parse(EncodeRecord(Known()));
  spoiled[json::json_pointer(path)] = value;
  const Status status = DecodeRecord(spoiled.dump()).status();
  CAPTURE(path, value.dump(), status.ToString());
  REQUIRE(absl::IsInvalidArgument(status));
  CHECK(MessageOf(status).find("'" + name + "'") != std::string::npos);
}

// The group is killed with the replica.
TEST_CASE("A group that is not the replica's own is refused") {
  const auto [group, good] = GENERATE(table<std::string, bool>({{"", true},
                                                                {"instances/web-i1", true},
                                                                {"shadows/web-i1", true},
                                                                {"instances/web-i10", false},
                                                                {"instances/web-i2", false},
                                                                {"instances/", false},
                                                                {"instances", false},
                                                                {"web-i1", false},
                                                                {"/web-i1", false},
                                                                {"../web-i1", false},
                                                                {"instances/../web-i1", false},
                                                                {"instances/web-i1/", false}}));
  ReplicaRecord record = Known();
  record.cgroup = group;
  CAPTURE(group);
  CHECK(DecodeRecord(EncodeRecord(record)).ok() == good);
}

TEST_CASE("A record that was cut short anywhere is refused") {
  const std::string text = EncodeRecord(Known());
  for (size_t size = 0; size + 1 < text.size(); ++size) {  // only the newline may be missing
    CAPTURE(size);
    REQUIRE(absl::IsInvalidArgument(DecodeRecord(text.substr(0, size)).status()));
  }
  CHECK(DecodeRecord(text.substr(0, text.size() - 1)).ok());
}

TEST_CASE("Damaged bytes never make a record that names another replica's group") {
  Rng rng(GENERATE(4, 5));
  int read = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string text = EncodeRecord(Known());
    for (uint64_t i = 1 + rng.Below(3); i > 0; --i) {
      text[rng.Below(text.size())] = static_cast<char>(rng.Below(256));
    }
    const StatusOr<ReplicaRecord> record = DecodeRecord(text);
    if (record.ok()) {
      ++read;
      REQUIRE((record->cgroup.empty() || record->cgroup.ends_with("/" + record->id.str())));
      REQUIRE((record->port >= 0 && record->port <= 65'535));
      REQUIRE(record->process.pid >= 0);
    } else {
      REQUIRE(absl::IsInvalidArgument(record.status()));
    }
  }
  CHECK(read > 0);
  CHECK(read < 2000);
}

TEST_CASE("What is no object at all is refused") {
  const std::string text = GENERATE("", "null", "[]", "7", "\"{}\"", "{", "{}{}", "\xff\xff");
  CAPTURE(text);
  CHECK(absl::IsInvalidArgument(DecodeRecord(text).status()));
}

TEST_CASE("Deep nesting is refused, not followed") {
  CHECK(absl::IsInvalidArgument(DecodeRecord("{\"key\":" + std::string(100'000, '[')).status()));
  const std::string closed = std::string(100'000, '[') + std::string(100'000, ']');
  CHECK(absl::IsInvalidArgument(DecodeRecord("{\"key\":" + closed + "}").status()));
}

}  // namespace
}  // namespace shadowd::provider
