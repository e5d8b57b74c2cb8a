// A real server on a real unix socket in a directory of its own, over the fake loop, and a client.
#pragma once

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "daemon/rpc/server.h"
#include "fakes/fake_loop.h"
#include "require_ok.h"
#include "shadowd/client.h"

namespace shadowd {

inline constexpr WallTime kRigNow = WallFromMicros(1'700'000'100'000'000);

class Directory {
 public:
  Directory() {
    std::string path = (std::filesystem::temp_directory_path() / "shadowd-rpc-XXXXXX").string();
    path_ = ::mkdtemp(path.data());
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Waits for a condition that another thread brings about; false after ten seconds.
inline bool Eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

struct Rig {
  explicit Rig(daemon::Catalogue::Options catalogue = {}, daemon::EdgeLimits limits = {}) : loop(catalogue) {
    options.socket.path = directory.path() + "/s.sock";
    options.limits = limits;
    Start();
    client::Options to;
    to.address = "unix://" + options.socket.path;
    client = client::Client::Connect(to).value();
    channel = grpc::CreateChannel(to.address, grpc::InsecureChannelCredentials());
  }

  void Start() {
    auto made = daemon::RpcServer::Create(options, loop, Hooks());
    REQUIRE_OK(made);
    server = std::move(*made);
    server->SetServing(true);
  }

  daemon::EdgeHooks Hooks() {
    daemon::EdgeHooks hooks;
    hooks.wall_time = [this] { return now.load(); };
    hooks.version = "1.2.3";
    hooks.start_time = kRigNow - std::chrono::hours(1);
    hooks.pid = 4711;
    hooks.list_audit = [](int64_t before, int limit, const auto& done) {
      std::vector<model::AuditRow> rows;
      for (int i = 5; i > 0 && static_cast<int>(rows.size()) < limit; --i) {
        if (i < before) {  // all in the same microsecond
          rows.push_back({i, {kRigNow, "core", "Services.UpdateService", "services/web", std::to_string(i)}});
        }
      }
      done(rows);
    };
    return hooks;
  }

  v1::Service Apply(const std::string& id, int max = 10) {
    v1::Service service;
    service.set_name("services/" + id);
    service.mutable_bounds()->set_max(max);
    auto applied = client->ApplyService(service);
    REQUIRE_OK(applied);
    return *applied;
  }

  void PutTrial(const std::string& service, const std::string& id, model::TrialState state) {
    model::Trial trial;
    trial.id = model::TrialId(id);
    trial.service = model::ServiceId(service);
    trial.state = state;
    loop.Put(trial.service, trial);
  }

  std::atomic<WallTime> now{kRigNow};
  Directory directory;
  fakes::FakeLoop loop;
  daemon::ServerOptions options;
  std::unique_ptr<daemon::RpcServer> server;
  std::unique_ptr<client::Client> client;
  std::shared_ptr<grpc::Channel> channel;
};

}  // namespace shadowd
