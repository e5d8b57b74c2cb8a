// The server as a caller meets it: every unary method over a real socket.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "rig.h"
#include "shadowd/v1/daemon.grpc.pb.h"
#include "shadowd/v1/services.grpc.pb.h"

namespace shadowd {
namespace {

Status CallCreate(Rig& rig, const v1::CreateServiceRequest& request, v1::Service* response,
                  int deadline_ms = 10'000) {
  v1::Services::Stub stub(rig.channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(deadline_ms));
  const grpc::Status status = stub.CreateService(&context, request, response);
  return status.ok() ? Status()
                     : Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace

TEST_CASE("A service is created, read, changed by mask, listed and deleted") {
  Rig rig;
  v1::Service spec;
  spec.mutable_bounds()->set_max(4);
  REQUIRE_OK(rig.client->CreateService("web", spec));
  const auto again = rig.client->CreateService("web", spec);
  CHECK(absl::IsAlreadyExists(again.status()));

  auto read = rig.client->Get<v1::Service>("services/web");
  REQUIRE_OK(read);
  CHECK(read->bounds().max() == 4);
  CHECK(read->mode() == v1::Service::OBSERVE);

  v1::Service patch = *read;
  patch.mutable_bounds()->set_max(9);
  patch.mutable_slo()->set_error_rate_max(0.5);
  auto changed = rig.client->UpdateService(patch, {"bounds.max"});
  REQUIRE_OK(changed);
  CHECK(changed->bounds().max() == 9);
  CHECK(changed->slo().error_rate_max() == Approx(0.01));
  CHECK(changed->etag() != read->etag());

  const auto stale = rig.client->UpdateService(patch, {"bounds.max"});  // carries the first etag
  CHECK(absl::IsAborted(stale.status()));
  CHECK(client::ReasonOf(stale.status()) == "ETAG_MISMATCH");
  patch.clear_etag();
  const auto unknown = rig.client->UpdateService(patch, {"bounds.maximum"});
  CHECK(absl::IsInvalidArgument(unknown.status()));

  REQUIRE_OK(rig.client->DeleteService("services/web"));
  CHECK(absl::IsNotFound(rig.client->Get<v1::Service>("services/web").status()));
  CHECK(absl::IsNotFound(rig.client->DeleteService("services/web").status()));
}

TEST_CASE("Bad input is refused with the field at fault and changes nothing") {
  Rig rig;
  rig.Apply("web");
  v1::Service bad;
  bad.set_name("services/web");
  bad.mutable_bounds()->set_min(5);
  bad.mutable_bounds()->set_max(2);
  const auto bounds = rig.client->ApplyService(bad);
  CHECK(absl::IsInvalidArgument(bounds.status()));
  CHECK(client::FieldOf(bounds.status()).find("service.bounds.m") == 0);
  bad.set_name("services/Not An Id");
  CHECK(client::FieldOf(rig.client->ApplyService(bad).status()) == "service.name");
  CHECK(client::FieldOf(rig.client->CreateService("9lives", {}).status()) == "service_id");
  CHECK(client::FieldOf(rig.client->ProposeScaling("services/web", 0).status()) == "replicas");
  CHECK(client::FieldOf(rig.client->ProposeScaling("services/web", 11).status()) == "replicas");
  CHECK(
      client::FieldOf(rig.client->WaitDecision("services/web/decisions/x", std::chrono::hours(1)).status()) ==
      "wait_timeout");
  CHECK(absl::IsInvalidArgument(rig.client->Get<v1::Trial>("trials/x").status()));
  CHECK(absl::IsInvalidArgument(rig.client->List<v1::Trial>("web").Next().status()));
  CHECK(absl::IsInvalidArgument(rig.client->List<v1::Trial>("services/-", -1).Next().status()));
  CHECK(absl::IsInvalidArgument(rig.client->SetFreeze(true, std::string(300, 'x')).status()));
  CHECK(absl::IsNotFound(rig.client->Retrain("services/nobody").status()));
  REQUIRE(rig.loop.Events().size() == 2);  // the first apply, and the Retrain that found no service
}

TEST_CASE("Listings come page by page, newest first where that is what people want") {
  Rig rig;
  rig.Apply("web");
  rig.Apply("db");
  for (int i = 1; i <= 25; ++i) {
    rig.PutTrial("web", "web-t" + std::to_string(i), model::TrialState::kSettled);
  }
  rig.PutTrial("db", "db-t1", model::TrialState::kMeasuring);
  auto pager = rig.client->List<v1::Trial>("services/web", 10);
  std::vector<std::string> names;
  for (auto trial = pager.Next(); trial.value().has_value(); trial = pager.Next()) {
    names.push_back((*trial)->name());
  }
  REQUIRE(names.size() == 25);
  CHECK(names.front() == "services/web/trials/web-t25");
  CHECK(names.back() == "services/web/trials/web-t1");
  CHECK(rig.client->List<v1::Service>("").Next().value()->name() == "services/db");
  int all = 0;
  for (auto everything = rig.client->List<v1::Trial>("services/-", 7);
       everything.Next().value().has_value();) {
    ++all;
  }
  CHECK(all == 26);
}

TEST_CASE("Commands reach the core with the caller's credentials and answer with their resource") {
  Rig rig;
  rig.Apply("web");
  rig.PutTrial("web", "web-t1", model::TrialState::kMeasuring);
  model::Shadow shadow;
  shadow.id = model::ReplicaId("web-t1-a0-s0");
  shadow.service = model::ServiceId("web");
  shadow.trial = model::TrialId("web-t1");
  rig.loop.Put(shadow.service, shadow);
  model::Decision decision;
  decision.id = model::DecisionId("web-d77");
  decision.service = shadow.service;
  decision.kind = model::DecisionKind::kConfirmed;
  decision.state = model::DecisionState::kAdvised;
  rig.loop.Put(decision.service, decision);

  CHECK(rig.client->Retrain("services/web").value().name() == "services/web/models/1");
  const auto reverted = rig.client->RevertModel("services/web/models/1");
  REQUIRE_OK(reverted);
  CHECK(reverted->name() == "services/web/models/2");
  CHECK(reverted->cause() == v1::Model::REVERTED);
  CHECK(absl::IsNotFound(rig.client->RevertModel("services/web/models/9").status()));
  CHECK(absl::IsInvalidArgument(rig.client->RevertModel("services/web").status()));
  const auto ordered = rig.client->RunNullTrial("services/web");
  REQUIRE_OK(ordered);
  CHECK(ordered->trigger().kind() == v1::Trigger::CALIBRATION);
  CHECK(rig.client->CancelTrial("services/web/trials/web-t1").value().state() == v1::Trial::CANCELLED);
  const std::string shadow_name = "services/web/trials/web-t1/shadows/web-t1-a0-s0";
  CHECK(rig.client->TerminateShadow(shadow_name).value().state() == v1::Replica::STOPPED);
  CHECK(rig.client->Get<v1::Shadow>(shadow_name).value().name() == shadow_name);
  const std::string decision_name = "services/web/decisions/web-d77";
  CHECK(rig.client->ApproveDecision(decision_name).value().state() == v1::Decision::APPROVED);
  CHECK(absl::IsFailedPrecondition(rig.client->RejectDecision(decision_name).status()));
  const std::string actor = fmt::format("uid={} gid={} pid={} via=unix", ::getuid(), ::getgid(), ::getpid());
  for (const ports::Event& event : rig.loop.Events()) {
    CHECK(event.actor == actor);
  }
}

TEST_CASE("A proposal answers provisionally at once, or waits for the verdict") {
  Rig rig;
  rig.Apply("web");
  const auto now = rig.client->ProposeScaling("services/web", 3);
  REQUIRE_OK(now);
  CHECK(now->kind() == v1::Decision::PROVISIONAL);
  CHECK(rig.client->WaitDecision(now->name(), std::chrono::milliseconds(50)).value().kind() ==
        v1::Decision::PROVISIONAL);

  StatusOr<v1::Decision> waited = Unavailable("not yet");
  std::thread caller(
      [&] { waited = rig.client->ProposeScaling("services/web", 4, std::chrono::seconds(30)); });
  REQUIRE(Eventually([&] { return rig.server->open_streams() == 1; }));
  model::Decision verdict;
  verdict.id = model::DecisionId("web-d3");
  verdict.service = model::ServiceId("web");
  verdict.kind = model::DecisionKind::kAdjusted;
  verdict.to = 5;
  rig.loop.Put(verdict.service, verdict);
  caller.join();
  REQUIRE_OK(waited);
  CHECK(waited->kind() == v1::Decision::ADJUSTED);
  CHECK(waited->to() == 5);
  CHECK(Eventually([&] { return rig.server->open_streams() == 0; }));
}

TEST_CASE("A repeated request id is one change; with another body it is refused") {
  Rig rig;
  v1::CreateServiceRequest request;
  request.set_service_id("web");
  request.mutable_service()->set_mode(v1::Service::OBSERVE);
  request.set_request_id("once");
  v1::Service first;
  v1::Service second;
  REQUIRE_OK(CallCreate(rig, request, &first));
  REQUIRE_OK(CallCreate(rig, request, &second));
  CHECK(first.SerializeAsString() == second.SerializeAsString());
  CHECK(rig.loop.Events().size() == 1);
  request.set_service_id("other");
  CHECK(absl::IsInvalidArgument(CallCreate(rig, request, &second)));
  request.set_request_id(std::string(65, 'x'));
  CHECK(absl::IsInvalidArgument(CallCreate(rig, request, &second)));
}

TEST_CASE("validate_only checks everything and changes nothing") {
  Rig rig;
  v1::Service service;
  service.set_name("services/web");
  service.mutable_bounds()->set_max(3);
  const auto checked = rig.client->ApplyService(service, true);
  REQUIRE_OK(checked);
  CHECK(checked->bounds().max() == 3);
  CHECK(rig.loop.Events().empty());
}

TEST_CASE("A loop that does not answer ends calls at the client's deadline or at the server's own") {
  daemon::EdgeLimits limits;
  limits.unary_deadline_max = std::chrono::milliseconds(150);
  Rig rig({}, limits);
  rig.loop.Hold();
  v1::Service response;
  v1::CreateServiceRequest request;
  request.set_service_id("web");
  request.mutable_service()->set_mode(v1::Service::OBSERVE);
  CHECK(absl::IsDeadlineExceeded(CallCreate(rig, request, &response, 50)));
  const auto begin = std::chrono::steady_clock::now();
  const Status capped = CallCreate(rig, request, &response, 60'000);
  CHECK(absl::IsDeadlineExceeded(capped));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
  rig.loop.Release();
}

TEST_CASE("A full loop refuses, and the number of services is bounded") {
  daemon::EdgeLimits limits;
  limits.services_max = 1;
  Rig rig({}, limits);
  rig.Apply("web");
  CHECK(absl::IsResourceExhausted(rig.client->CreateService("db", {}).status()));
  rig.loop.RefuseEvents(true);
  CHECK(absl::IsResourceExhausted(rig.client->Retrain("services/web").status()));
}

TEST_CASE("A second daemon on the same socket is refused and does not take it") {
  Rig rig;
  rig.Apply("web");
  const auto second = daemon::RpcServer::Create(rig.options, rig.loop, rig.Hooks());
  CHECK(absl::IsAlreadyExists(second.status()));
  CHECK(ReasonOf(second.status()) == "DAEMON_RUNNING");
  CHECK(MessageOf(second.status()).find(std::to_string(::getpid())) != std::string::npos);
  REQUIRE_OK(rig.client->Get<v1::Service>("services/web"));
}

TEST_CASE("A server whose loop never runs can still be taken down") {
  Rig rig;
  rig.loop.Hold();
  const auto begin = std::chrono::steady_clock::now();
  rig.server.reset();
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(30));
  rig.loop.Release();
}

TEST_CASE("TCP serves loopback in plain text and refuses an open address") {
  Rig rig;
  daemon::ServerOptions options = rig.options;
  options.socket.path = rig.directory.path() + "/t.sock";
  options.tcp.address = "0.0.0.0:0";
  const auto open = daemon::RpcServer::Create(options, rig.loop, rig.Hooks());
  CHECK(absl::IsInvalidArgument(open.status()));
  CHECK(ReasonOf(open.status()) == "INSECURE_ADDRESS");
  options.tcp.address = "127.0.0.1:0";
  auto server = daemon::RpcServer::Create(options, rig.loop, rig.Hooks());
  REQUIRE_OK(server);
  client::Options to;
  to.address = fmt::format("127.0.0.1:{}", (*server)->tcp_port());
  REQUIRE_OK(client::Client::Connect(to).value()->SetFreeze(true, "tcp"));
  CHECK(rig.loop.Events().back().actor.find("via=tcp") != std::string::npos);
  options.socket.path = rig.directory.path() + "/u.sock";
  options.tcp.address = to.address;
  CHECK(ReasonOf(daemon::RpcServer::Create(options, rig.loop, rig.Hooks()).status()) == "PORT_TAKEN");
  options.tcp = {"127.0.0.1:0", "/nowhere/cert.pem", "/nowhere/key.pem", ""};
  CHECK(FieldOf(daemon::RpcServer::Create(options, rig.loop, rig.Hooks()).status()) == "tcp.tls.cert");
}

TEST_CASE("The daemon tells its status, freezes, and shows its audit trail") {
  Rig rig;
  rig.Apply("web");
  auto status = rig.client->GetStatus();
  REQUIRE_OK(status);
  CHECK(status->version() == "1.2.3");
  CHECK(status->pid() == 4711);
  CHECK(status->state() == v1::DaemonStatus::READY);
  CHECK(status->services() == 1);
  status = rig.client->SetFreeze(true, "a test");
  REQUIRE_OK(status);
  CHECK(status->frozen());
  CHECK(status->freeze_reason() == "a test");
  rig.server->SetServing(false);
  CHECK(rig.client->GetStatus().value().state() == v1::DaemonStatus::STARTING);
  const auto audit = rig.client->ListAuditEntries(3);
  REQUIRE_OK(audit);
  REQUIRE(audit->size() == 3);
  CHECK(audit->front().detail() == "5");
  CHECK(rig.client->ListAuditEntries(100).value().size() == 5);
}

TEST_CASE("The audit is listed page by page, also where times are equal") {
  Rig rig;
  v1::Daemon::Stub stub(rig.channel);
  v1::ListAuditEntriesRequest request;
  request.set_page_size(2);
  std::string details;
  do {
    grpc::ClientContext context;
    v1::ListAuditEntriesResponse page;
    REQUIRE(stub.ListAuditEntries(&context, request, &page).ok());
    REQUIRE(page.audit_entries_size() <= 2);
    for (const v1::AuditEntry& entry : page.audit_entries()) {
      details += entry.detail();
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  CHECK(details == "54321");
  grpc::ClientContext context;
  v1::ListAuditEntriesResponse page;
  request.set_page_token("nonsense");
  CHECK(stub.ListAuditEntries(&context, request, &page).error_code() == grpc::INVALID_ARGUMENT);
}

TEST_CASE("A daemon with something amiss is DEGRADED and says why") {
  Rig rig;
  daemon::ServerOptions options = rig.options;
  options.socket.path = rig.directory.path() + "/d.sock";
  daemon::EdgeHooks hooks = rig.Hooks();
  std::atomic<bool> amiss{false};
  hooks.complete_status = [&amiss](v1::DaemonStatus& status) {
    if (amiss) {
      status.add_degraded_reasons("the disk is full");
    }
  };
  const auto server = daemon::RpcServer::Create(options, rig.loop, std::move(hooks));
  REQUIRE_OK(server);
  client::Options to;
  to.address = "unix://" + options.socket.path;
  const auto client = client::Client::Connect(to).value();
  amiss = true;
  CHECK(client->GetStatus().value().state() == v1::DaemonStatus::STARTING);
  (*server)->SetServing(true);
  CHECK(client->GetStatus().value().state() == v1::DaemonStatus::DEGRADED);
  CHECK(client->GetStatus().value().degraded_reasons(0) == "the disk is full");
  amiss = false;
  CHECK(client->GetStatus().value().state() == v1::DaemonStatus::READY);
}

TEST_CASE("The socket is for its owner and group, and a file in its place is left alone") {
  Rig rig;
  struct stat info {};
  REQUIRE(::stat(rig.options.socket.path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0660);
  daemon::ServerOptions options = rig.options;
  options.socket.path = rig.directory.path() + "/file";
  std::ofstream(options.socket.path) << "precious";
  const auto server = daemon::RpcServer::Create(options, rig.loop, rig.Hooks());
  CHECK(absl::IsFailedPrecondition(server.status()));
  CHECK(std::filesystem::file_size(options.socket.path) == 8);
  options.socket.path = rig.directory.path() + "/" + std::string(200, 'x');
  CHECK(absl::IsInvalidArgument(io::PeerListener::Create(options.socket).status()));
  options.socket.path = rig.directory.path() + "/g.sock";
  options.socket.group = "no-such-group";
  CHECK(FieldOf(io::PeerListener::Create(options.socket).status()) == "socket.group");
}

}  // namespace shadowd
