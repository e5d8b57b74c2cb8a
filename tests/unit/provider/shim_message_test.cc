#include "provider/shim_message.h"

#include <catch2/catch.hpp>
#include <cerrno>

#include "provider/readiness.h"
#include "provider/shim_command.h"
#include "require_ok.h"

namespace shadowd::provider {
namespace {

ReplicaRecord SomeRecord() {
  ReplicaRecord record;
  record.key = model::IntentKey("k1");
  record.service = model::ServiceId("web");
  record.id = model::ReplicaId("web-t1-a0-s0");
  record.role = model::Role::kShadow;
  record.version = "v \"2\"\n";
  record.process = {4711, 987654, "boot"};
  record.shim = {4710, 987653, "boot"};
  record.port = 18080;
  record.address = "127.0.0.1:18080";
  record.started_wall_us = 1'700'000'000'000'000;
  record.ready = true;
  record.readiness = {"/healthz", Micros(5), Micros(6)};
  record.stop_grace = Micros(7);
  record.lease = Micros(8);
  record.cgroup = "shadows/web-t1-a0-s0";
  return record;
}

TEST_CASE("A record survives being written and read") {
  const auto read = DecodeRecord(EncodeRecord(SomeRecord()));
  REQUIRE_OK(read);
  CHECK(*read == SomeRecord());
}

TEST_CASE("A damaged record is refused with the field") {
  const auto [from, to, field] = GENERATE(table<std::string, std::string, std::string>(
      {{"\"port\":18080", "\"port\":70000", "port"},
       {"\"role\":\"shadow\"", "\"role\":\"king\"", "role"},
       {"\"pid\":4711", "\"pid\":-1", "process"},
       {"\"pid\":4711", "\"pid\":\"4711\"", "pid"},
       {"\"lease_us\":8", "\"lease_us\":-8", "lease_us"},
       {"\"ready\":true", "\"ready\":1", "ready"},
       {"\"start_ticks\":987654", "\"start_ticks\":18446744073709551615", "start_ticks"},
       {"shadows/web-t1-a0-s0", "instances/web-i1", "cgroup"},
       {"shadows/web-t1-a0-s0", "../web-t1-a0-s0", "cgroup"}}));
  std::string text = EncodeRecord(SomeRecord());
  REQUIRE(text.find(from) != std::string::npos);
  text.replace(text.find(from), from.size(), to);
  const auto read = DecodeRecord(text);
  REQUIRE(absl::IsInvalidArgument(read.status()));
  CHECK(MessageOf(read.status()).find("'" + field + "'") != std::string::npos);
  CHECK_FALSE(DecodeRecord("").ok());
  CHECK_FALSE(DecodeRecord("[]").ok());
}

TEST_CASE("Requests survive the wire, and what is none is refused") {
  for (const ShimRequest& request :
       {ShimRequest{RequestKind::kStatus, {}}, ShimRequest{RequestKind::kRenew, {}},
        ShimRequest{RequestKind::kReady, {}}, ShimRequest{RequestKind::kStop, Micros(5)}}) {
    CHECK(*DecodeRequest(EncodeRequest(request)) == request);
  }
  for (const char* packet : {"", "renew", "STOP", "STOP ", "STOP -1", "STOP 1x", "STOP 9999999999999"}) {
    CHECK_FALSE(DecodeRequest(packet).ok());
  }
}

TEST_CASE("Reports survive the wire within a packet, whatever the replica printed") {
  const ShimReport alive{ReportKind::kAlive, SomeRecord(), "no idle groups", {}};
  CHECK(*DecodeReport(EncodeReport(alive)) == alive);
  ShimReport ended;
  ended.kind = ReportKind::kEnded;
  ended.end = {EndCause::kExited, 3, 0, 0, "", std::string(kMaxOutputTailBytes, '\x01')};
  const std::string packet = EncodeReport(ended);
  CHECK(packet.size() <= kMaxMessageBytes);
  CHECK(*DecodeReport(packet) == ended);
  ended.end.output_lines = "\xff\xfe broken UTF-8";
  CHECK(DecodeReport(EncodeReport(ended)).ok());
  for (const char* bad : {"", "{}", R"({"kind":"ALIVE"})", R"({"kind":"ENDED","end":{"cause":"BORED"}})"}) {
    CHECK_FALSE(DecodeReport(bad).ok());
  }
}

TEST_CASE("An end is described by what the caller can do about it") {
  const Status missing = DescribeEnd({EndCause::kStartFailed, -1, 0, ENOENT, "execve /bin/web", ""});
  CHECK(absl::IsNotFound(missing));
  CHECK(ReasonOf(missing) == "BINARY_NOT_FOUND");
  CHECK(FieldOf(missing) == "instance.argv");
  const Status directory =
      DescribeEnd({EndCause::kStartFailed, -1, 0, ENOENT, "instance.working_dir /x", ""});
  CHECK(ReasonOf(directory) == "START_FAILED");
  CHECK(FieldOf(directory).empty());
  const Status exited = DescribeEnd({EndCause::kExited, 3, 0, 0, "", "no database"});
  CHECK(MessageOf(exited) == "exited with code 3; its last output: no database");
  CHECK(ReasonOf(DescribeEnd({EndCause::kLeaseLapsed, -1, 15, 0, "", ""})) == "LEASE_LAPSED");
}

TEST_CASE("The shim reads what the daemon wrote on its command line") {
  ShimCommand command;
  command.plan.record = SomeRecord();
  command.plan.argv = {"/bin/web", "--", "--port=18080", ""};
  command.plan.working_dir = "/srv/a=b";
  command.plan.cgroup = command.plan.record.cgroup;
  command.plan.cpu_idle = command.plan.die_with_shim = true;
  command.plan.cpu_set = {0, 3};
  command.plan.memory_max_bytes = 5;
  command.plan.output_bytes_max = 6;
  command.plan.ttl = Micros(9);
  command.directory = "/run/shadowd/replicas";
  command.child_cgroups = {"/sys/fs/cgroup/a", "/sys/fs/cgroup/b"};
  command.shim_cgroups = {"/sys/fs/cgroup/shims"};
  command.poll_memory = command.autogroup_nice = true;
  command.note = "why = because";
  const auto read = DecodeShimArgv(EncodeShimArgv("/usr/libexec/shim", command));
  REQUIRE_OK(read);
  CHECK(*read == command);
  CHECK_FALSE(DecodeShimArgv({"shim"}).ok());
  CHECK_FALSE(DecodeShimArgv({"shim", "--directory=/x", "--", "/bin/web"}).ok());
}

TEST_CASE("Only a final status of 2xx or 3xx is ready") {
  CHECK(ReadinessFromReply("HTTP/1.1 200 OK\r\n") == true);
  CHECK(ReadinessFromReply("HTTP/1.0 302 Found\r\n") == true);
  CHECK(ReadinessFromReply("HTTP/1.1 503 Busy\r\n") == false);
  CHECK(ReadinessFromReply("HTTP/1.1 100 Continue\r\n") == false);
  CHECK(ReadinessFromReply("SSH-2.0-x\r\n") == false);
  CHECK(ReadinessFromReply("HTTP/1.1 2") == std::nullopt);
  CHECK(ReadinessFromReply(std::string(2000, 'x')) == false);
}

}  // namespace
}  // namespace shadowd::provider
