#include "daemon/app.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include "control/core.h"
#include "daemon/executor.h"
#include "daemon/fit_pool.h"
#include "daemon/freeze_file.h"
#include "daemon/io/data_plane.h"
#include "daemon/io/haproxy_actuator.h"
#include "daemon/io/host_guard.h"
#include "daemon/io/proc_files.h"
#include "daemon/io/process_provider.h"
#include "daemon/io/production_observer.h"
#include "daemon/io/sd_notify.h"
#include "daemon/loop.h"
#include "daemon/recorder.h"
#include "daemon/rpc/server.h"
#include "daemon/service_files.h"
#include "daemon/service_metrics.h"
#include "daemon/settings.h"
#include "daemon/version.h"
#include "daemon/web/metrics.h"
#include "daemon/web/web_server.h"
#include "shadowd/v1/daemon.pb.h"
#include "store/store.h"

namespace shadowd::daemon {
namespace {

constexpr Micros kHostGuardEvery = std::chrono::seconds(5);
constexpr Micros kFreezeFileEvery = std::chrono::seconds(1);
constexpr Micros kShadowsEndWithin = std::chrono::seconds(2);

Status MakeDirectory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  return error ? FailedPrecondition("cannot make directory {}: {}", path, error.message()) : absl::OkStatus();
}

}  // namespace

// In the order of construction; destruction is the reverse.
struct App::Parts {
  Options options;
  Metrics metrics;
  ServiceMetrics service_metrics{metrics.registry()};
  std::unique_ptr<store::Store> store;
  std::unique_ptr<control::Core> core;
  std::unique_ptr<Recorder> recorder;  // none: no journal
  std::unique_ptr<Loop> loop;
  std::unique_ptr<FitPool> fits;
  std::unique_ptr<io::ProcessProvider> provider;
  std::unique_ptr<io::HaproxyActuator> actuator;
  std::unique_ptr<io::ProductionObserver> observer;
  std::unique_ptr<io::DataPlane> data_plane;
  std::unique_ptr<Executor> executor;
  std::thread loop_thread;
  std::unique_ptr<RpcServer> rpc;
  std::unique_ptr<WebServer> web;
  bool stopped = false;

  Status OpenStore();
  Status OpenJournal();
  void SetCoreOptions(const control::CoreOptions& wanted);
  Status MakeEdges();
  StatusOr<size_t> Restore();  // how many services
  Status Serve();
  void Housekeeping();
  void ApplyServices(const std::vector<model::ServiceSpec>& specs);
  void CompleteStatus(v1::DaemonStatus& status) const;
};

Status App::Parts::OpenStore() {
  const config::DaemonConfig& config = options.config;
  SHADOWD_RETURN_IF_ERROR(MakeDirectory(config.runtime_dir));
  store::Options store_options;
  store_options.directory = config.state_dir;
  store_options.queue_max = static_cast<size_t>(config.limits.store_queue);
  SHADOWD_ASSIGN_OR_RETURN(store, store::Store::Open(store_options));
  core = std::make_unique<control::Core>(CoreOptionsOf(config));
  Loop::Options loop_options;
  loop_options.queue_max = static_cast<size_t>(config.limits.loop_queue);
  loop_options.catalogue.watch_history = static_cast<size_t>(config.watch_history);
  loop_options.on_event = [this](const std::string& event, Micros lag) { metrics.CountEvent(event, lag); };
  loop_options.on_commit = [this](size_t mutations, Micros took) { metrics.CountCommit(mutations, took); };
  loop_options.on_step = [this](const ports::Event& event, Now now, const ports::Outcome& outcome) {
    if (recorder) {
      recorder->OnStep(event, now, outcome);
    }
  };
  loop = std::make_unique<Loop>(loop_options, Loop::Parts{*core, *store});
  return absl::OkStatus();
}

// The last before the loop runs: a start that fails leaves the journal of the run before where it is.
Status App::Parts::OpenJournal() {
  if (const auto& journal = options.config.journal) {
    const control::HostArbiter& host = core->arbiter();
    const journal::Start start{kVersion, ReadClocks().wall, core->options(), host.frozen(),
                               host.frozen_reason()};
    SHADOWD_ASSIGN_OR_RETURN(recorder, Recorder::Create({journal->path, journal->max_bytes}, start));
  }
  return absl::OkStatus();
}

void App::Parts::SetCoreOptions(const control::CoreOptions& wanted) {
  core->SetOptions(wanted);
  if (recorder) {
    recorder->OnOptions(wanted, ReadClocks().wall);
  }
}

Status App::Parts::MakeEdges() {
  const auto feed = [this](ports::Event event) { loop->Feed(std::move(event)); };
  const auto feed_production = [this](ports::Event event) {
    if (const auto* window = std::get_if<ports::ProductionWindow>(&event.payload)) {
      service_metrics.ObserveProduction(event.service, *window);
    }
    loop->Feed(std::move(event));
  };
  fits = std::make_unique<FitPool>(feed);
  SHADOWD_ASSIGN_OR_RETURN(provider, io::ProcessProvider::Create({.runtime_dir = options.config.runtime_dir,
                                                                  .shim_path = options.shim_path,
                                                                  .cgroup_parent = "",
                                                                  .max_replicas = 256},
                                                                 feed));
  if (!provider->isolation_note().empty()) {
    spdlog::warn("isolation=partial note=\"{}\"", provider->isolation_note());
  }
  const auto usage = [this] { return provider->Sample(); };
  actuator = std::make_unique<io::HaproxyActuator>(feed);
  SHADOWD_ASSIGN_OR_RETURN(observer, io::ProductionObserver::Create(
                                         feed_production, usage, [] { return ReadClocks().wall; },
                                         [](const model::ServiceId& service, const Status& status) {
                                           if (status.ok()) {
                                             spdlog::info("service={} production=observed", service);
                                           } else {
                                             spdlog::warn("service={} production=unreadable error=\"{}\"",
                                                          service, MessageOf(status));
                                           }
                                         }));
  SHADOWD_ASSIGN_OR_RETURN(data_plane, io::DataPlane::Create(feed, usage, ReadClocks));
  executor = std::make_unique<Executor>(Executor::Parts{*provider, *actuator, *observer, *data_plane, *fits,
                                                        [this](MonoTime at) { loop->ArmTimer(at); }});
  loop->SetExecutor([this](const ports::Action& action) {
    executor->Do(action);
    if (std::holds_alternative<ports::StopObserving>(action.effect)) {
      service_metrics.Forget(action.service);
    }
  });
  return absl::OkStatus();
}

// What was stored becomes the read model and the machines; then the provider looks which replicas still run.
StatusOr<size_t> App::Parts::Restore() {
  SHADOWD_ASSIGN_OR_RETURN(store::Snapshot snapshot, store->Load());
  Catalogue& catalogue = loop->catalogue();
  for (const ports::Mutation& mutation : snapshot.resources) {
    catalogue.Apply(catalogue.NextRevision(ReadClocks().wall), mutation);
  }
  const ports::FrozenSet frozen{snapshot.frozen, snapshot.frozen_reason};
  catalogue.Apply(catalogue.NextRevision(ReadClocks().wall), {model::ServiceId(), frozen});
  catalogue.StartHistory();
  core->RestoreFreeze(frozen.frozen, frozen.reason);
  // All that is stored comes back, also where the configuration now allows fewer.
  control::CoreOptions room = CoreOptionsOf(options.config);
  room.services_max = std::max(room.services_max, snapshot.services.size());
  SetCoreOptions(room);
  std::vector<io::KnownReplica> known;
  for (ports::Restored& restored : snapshot.services) {
    const model::ServiceId id = restored.service.spec.id;
    for (const model::Instance& instance : restored.instances) {
      known.push_back({id, instance.id, model::Role::kInstance, instance.process, instance.address});
    }
    for (const model::Shadow& shadow : restored.shadows) {
      known.push_back({id, shadow.id, model::Role::kShadow, shadow.process, shadow.address});
    }
    loop->Feed({id, std::move(restored), 0, "restart"});
  }
  // In order behind the machines that must hear of what is found.
  loop->Run([this, known = std::move(known)] {
    SetCoreOptions(CoreOptionsOf(options.config));
    provider->Recover(known);
  });
  return snapshot.services.size();
}

void App::Parts::CompleteStatus(v1::DaemonStatus& status) const {
  const store::Stats stats = store->stats();
  const ports::HostPressure pressure = io::ReadHostPressure();
  status.set_shadows_max(options.config.host.max_shadows);
  status.set_memory_available_bytes(pressure.memory_available_bytes);
  status.set_resident_bytes(static_cast<double>(io::ResidentBytes(getpid())));
  status.set_loop_queue(static_cast<int64_t>(loop->stats().queue_depth.load()));
  status.set_uncommitted_steps(static_cast<int64_t>(loop->stats().uncommitted.load()));
  status.set_store_queue(static_cast<int64_t>(stats.queue_depth));
  if (pressure.cpu_some_avg10 >= 0) {
    status.set_cpu_some_avg10(pressure.cpu_some_avg10);
  }
  if (!stats.writable) {
    status.add_degraded_reasons("the store cannot be written: " + stats.last_error);
  }
  if (stats.telemetry_moved_aside) {
    status.add_degraded_reasons("telemetry.db was damaged and moved aside; past demand is lost");
  }
  if (!provider->isolation_note().empty()) {
    status.add_degraded_reasons("shadows are isolated only in part: " + provider->isolation_note());
  }
}

Status App::Parts::Serve() {
  const config::DaemonConfig& config = options.config;
  ServerOptions server;
  server.socket.path = config.socket_path;
  server.socket.group = config.socket_group;
  if (config.tcp) {
    server.tcp.address = config.tcp->address;
    if (config.tcp->tls) {
      const auto& tls = *config.tcp->tls;
      server.tcp = {config.tcp->address, tls.cert, tls.key, tls.client_ca};
    }
  }
  server.reflection = config.reflection;
  server.answers_path = config.state_dir + "/scaler-answers";
  server.message_bytes_max = static_cast<int>(config.limits.message_bytes_max);
  server.limits.open_calls_max = static_cast<size_t>(config.limits.max_watches);
  server.limits.watch_queue = static_cast<size_t>(config.limits.watch_queue);
  server.limits.services_max = static_cast<size_t>(config.limits.max_services);
  EdgeHooks hooks;
  hooks.wall_time = [] { return ReadClocks().wall; };
  hooks.version = kVersion;
  hooks.start_time = ReadClocks().wall;
  hooks.pid = getpid();
  hooks.list_audit = [this](int64_t before, int limit, auto done) { done(store->ListAudit(before, limit)); };
  hooks.complete_status = [this](v1::DaemonStatus& status) { CompleteStatus(status); };
  hooks.on_call = [this](const std::string& method, const std::string& code, Micros took) {
    metrics.CountRpc(method, code, took);
  };
  SHADOWD_ASSIGN_OR_RETURN(rpc, RpcServer::Create(std::move(server), *loop, std::move(hooks)));
  if (!config.metrics_listen.empty()) {
    SHADOWD_ASSIGN_OR_RETURN(web, WebServer::Create(config.metrics_listen, *loop, metrics));
    spdlog::info("metrics=http://{}/metrics", config.metrics_listen);
  }
  return absl::OkStatus();
}

void App::Parts::Housekeeping() {
  loop->Every(kHostGuardEvery, [this] {
    loop->Feed({model::ServiceId(), io::ReadHostPressure(), 0, "host"});
    metrics.SetQueueDepth("loop", loop->stats().queue_depth.load());
    metrics.SetQueueDepth("store", store->stats().queue_depth);
    metrics.Observe(loop->catalogue());
    core->ForEachService(
        [this](const model::ServiceId& id) { service_metrics.ObserveMirror(id, data_plane->Stats(id)); });
  });
  if (!options.config.freeze_file.empty()) {
    const auto look = [this, file = FreezeFile(options.config.freeze_file)] {
      const Catalogue& catalogue = loop->catalogue();
      if (const auto freeze = file.Look(catalogue.frozen(), catalogue.frozen_reason())) {
        loop->Feed({model::ServiceId(), *freeze, 0, "freeze_file"});
      }
    };
    loop->Run(look);
    loop->Every(kFreezeFileEvery, look);
  }
  if (const Micros interval = io::WatchdogInterval(); interval > Micros(0)) {
    loop->Every(interval, [] { io::NotifyWatchdog(); });
  }
}

void App::Parts::ApplyServices(const std::vector<model::ServiceSpec>& specs) {
  for (const model::ServiceSpec& spec : specs) {
    loop->Run([this, spec] {
      const control::ServiceMachine* machine = core->Find(spec.id);
      if (machine != nullptr && machine->service().spec == spec) {
        return;
      }
      loop->Post({spec.id, ports::ApplyService{spec, ""}, 0, "service_dir"},
                 [id = spec.id](StatusOr<ports::ReplyValue> applied) {
                   if (!applied.ok()) {
                     spdlog::error("service={} service_dir=refused error=\"{}\"", id,
                                   MessageOf(applied.status()));
                   }
                 });
    });
  }
}

App::App(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

StatusOr<std::unique_ptr<App>> App::Start(Options options) {
  SetLogLevel(options.config.log_level);
  SHADOWD_ASSIGN_OR_RETURN(const std::vector<model::ServiceSpec> specs,
                           LoadServiceFiles(options.config.service_dir));
  auto parts = std::make_unique<Parts>();
  parts->options = std::move(options);
  SHADOWD_RETURN_IF_ERROR(parts->OpenStore());
  auto app = std::unique_ptr<App>(new App(std::move(parts)));
  Parts& p = *app->parts_;
  SHADOWD_RETURN_IF_ERROR(p.MakeEdges());
  // Before the first call can be taken: what was stored is in the queue ahead of it.
  SHADOWD_ASSIGN_OR_RETURN(const size_t restored, p.Restore());
  SHADOWD_RETURN_IF_ERROR(p.Serve());
  p.Housekeeping();
  SHADOWD_RETURN_IF_ERROR(p.OpenJournal());
  p.loop_thread = std::thread([&p] { p.loop->RunUntilStopped(); });
  p.ApplyServices(specs);
  p.rpc->SetServing(true);
  spdlog::info("state=READY version={} socket={} services={}", kVersion, p.options.config.socket_path,
               restored);
  io::NotifyReady(fmt::format("ready on {}", p.options.config.socket_path));
  return app;
}

App::~App() {
  Stop();
}

Status App::Reload() {
  Parts& p = *parts_;
  if (p.options.config_path.empty()) {
    return FailedPrecondition("started without a configuration file; nothing to reload");
  }
  SHADOWD_ASSIGN_OR_RETURN(const std::string text, ReadWholeFile(p.options.config_path, 1 << 20));
  SHADOWD_ASSIGN_OR_RETURN(const config::DaemonConfig wanted,
                           config::ParseDaemonConfig(text, p.options.config_path));
  if (WithReloadable(p.options.config, wanted) != wanted) {
    return FailedPrecondition(
        "{}: something other than log_level, host, service_dir, limits.max_services and drain_timeout has "
        "changed; that needs a restart",
        p.options.config_path);
  }
  SHADOWD_ASSIGN_OR_RETURN(const std::vector<model::ServiceSpec> specs, LoadServiceFiles(wanted.service_dir));
  SetLogLevel(wanted.log_level);
  std::promise<void> taken;  // the loop reads the configuration too: it takes it over, and we wait for that
  p.loop->Run([&p, &wanted, &taken] {
    p.options.config = wanted;
    p.SetCoreOptions(CoreOptionsOf(wanted));
    taken.set_value();
  });
  taken.get_future().wait();
  p.ApplyServices(specs);
  return absl::OkStatus();
}

void App::Freeze(bool frozen, const std::string& reason, const std::string& actor) {
  parts_->loop->Feed({model::ServiceId(), ports::Freeze{frozen, reason}, 0, actor});
}

void App::Stop() {
  Parts& p = *parts_;
  if (std::exchange(p.stopped, true)) {
    return;
  }
  p.loop->BeginDraining();
  if (p.rpc != nullptr && p.loop_thread.joinable()) {
    std::promise<void> drained;
    p.rpc->Drain(p.options.config.drain_timeout, [&drained] { drained.set_value(); });
    drained.get_future().wait();
  }
  p.rpc.reset();
  p.web.reset();
  p.loop->EndSteps();
  if (p.data_plane) {
    p.data_plane->Stop();
  }
  if (p.observer) {
    p.observer->Stop();
  }
  if (p.actuator) {
    p.actuator->Stop();
  }
  if (p.provider) {
    p.provider->Shutdown(true, kShadowsEndWithin);
  }
  if (p.fits) {
    p.fits->Stop();
  }
  if (p.loop_thread.joinable()) {
    p.loop->Stop();
    p.loop_thread.join();
  }
  if (p.recorder) {
    p.recorder->OnStop(ReadClocks().wall);
  }
  if (p.store) {
    p.store->Close();
  }
}

}  // namespace shadowd::daemon
