// What a sample costs that others push, in CPU of the daemon: through a stream of ReportSamples, and through
// remote write and OTLP; and what ten thousand services with five KPIs each cost, pushed by OTLP every
// fifteen seconds. Streams and the ten thousand are measured on a daemon as a process, from its own /proc
// entry; the decoders by themselves in this one.
// --json for machines, --services N for fewer.
#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <signal.h>
#include <snappy.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "kpi/ingest.h"
#include "otlp/metrics.grpc.pb.h"
#include "shadowd/client.h"
#include "shadowd/sample_stream.h"

extern char** environ;

namespace shadowd::bench {
namespace {

namespace fs = std::filesystem;
namespace otel = opentelemetry::proto::collector::metrics::v1;
using Clock = std::chrono::steady_clock;

constexpr int kSeriesPerBatch = 500;
constexpr int kRounds = 40;
constexpr int kStreamed = 200'000;
constexpr int kKpis = 5;
constexpr int kOtlpPort = 14'317;
constexpr double kRoundSeconds = 15;

struct Figures {
  double report_us = -1;
  double remote_write_us = -1;
  double otlp_us = -1;
  int services = 0;
  double services_core_share = -1;  // of one core, at a round each 15 s
};

double OwnCpuSeconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double CpuSecondsOf(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::istringstream rest(text.substr(std::min(text.size(), text.rfind(')') + 2)));
  std::string word;
  for (int field = 3; field < 14; ++field) {
    rest >> word;
  }
  double user = 0, system = 0;
  rest >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

int64_t NowMicros() {
  return std::chrono::duration_cast<Micros>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// ---- the decoders ----

void PutVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) {
    out += static_cast<char>(value | 0x80);
  }
  out += static_cast<char>(value);
}
void PutBytes(int field, const std::string& bytes, std::string& out) {
  out += static_cast<char>(field << 3 | 2);
  PutVarint(bytes.size(), out);
  out += bytes;
}

// As a Prometheus sends it: five labels a series, one sample each.
std::string RemoteWriteBatch(int first_service, int64_t millis, double value) {
  std::string batch;
  for (int i = 0; i < kSeriesPerBatch; ++i) {
    std::string series;
    const auto label = [&series](const std::string& name, const std::string& text) {
      std::string pair;
      PutBytes(1, name, pair);
      PutBytes(2, text, pair);
      PutBytes(1, pair, series);
    };
    label("__name__", fmt::format("kpi_{}_total", i % kKpis));
    label("instance", "10.11.12.13:9100");
    label("job", fmt::format("service-{}", first_service + i / kKpis));
    label("region", "eu-central-1");
    label("zone", "eu-central-1a");
    std::string sample = "\x09";
    const auto bits = std::bit_cast<uint64_t>(value);
    for (int byte = 0; byte < 8; ++byte) {
      sample += static_cast<char>(bits >> 8 * byte);
    }
    sample += '\x10';
    PutVarint(static_cast<uint64_t>(millis), sample);
    PutBytes(2, sample, series);
    PutBytes(1, series, batch);
  }
  return batch;
}

otel::ExportMetricsServiceRequest OtlpBatch(int first_service, int services, int64_t micros, double value) {
  otel::ExportMetricsServiceRequest request;
  for (int i = 0; i < services; ++i) {
    auto* resource = request.add_resource_metrics();
    for (const auto& [key, text] :
         {std::pair{std::string("job"), fmt::format("service-{}", first_service + i)},
          {std::string("host.name"), std::string("node-17.example")}}) {
      auto* attribute = resource->mutable_resource()->add_attributes();
      attribute->set_key(key);
      attribute->mutable_value()->set_string_value(text);
    }
    auto* scope = resource->add_scope_metrics();
    for (int kpi = 0; kpi < kKpis; ++kpi) {
      auto* metric = scope->add_metrics();
      metric->set_name(fmt::format("kpi_{}_total", kpi));
      metric->mutable_sum()->set_is_monotonic(true);
      metric->mutable_sum()->set_aggregation_temporality(2);
      auto* point = metric->mutable_sum()->add_data_points();
      point->set_time_unix_nano(static_cast<uint64_t>(micros) * 1000);
      point->set_as_double(value);
    }
  }
  return request;
}

std::vector<model::KpiRule> Rules() {
  using enum model::SeriesKpi;
  std::vector<model::KpiRule> rules;
  for (const auto& [kpi, kind] : {std::pair{kRequests, model::SeriesKind::kCounter},
                                  {kErrors, model::SeriesKind::kCounter},
                                  {kCpu, model::SeriesKind::kCounter},
                                  {kMemory, model::SeriesKind::kGauge},
                                  {kReplicas, model::SeriesKind::kGauge}}) {
    model::KpiRule& rule = rules.emplace_back();
    rule.metric = fmt::format("kpi_{}_total", rules.size() - 1);
    rule.kpi = kpi;
    rule.kind = kind;
    rule.service = "{job}";
  }
  return rules;
}

// CPU of a sample, unpacking, decoding, the rules and the windows included.
template <typename MakeBatch, typename Take>
double Decode(MakeBatch make, Take take) {
  const int64_t begin = NowMicros();
  const Micros interval = std::chrono::seconds(15);
  kpi::Ingest ingest(kpi::RuleTable(Rules()), {.interval = interval, .series_max = 1'000'000},
                     WallFromMicros(begin));
  double cpu = 0;
  for (int round = 0; round < kRounds; ++round) {
    const int64_t at = begin + round * interval.count();
    std::vector<std::string> batches;
    for (int batch = 0; batch < 20; ++batch) {
      batches.push_back(make(batch * (kSeriesPerBatch / kKpis), at, 100.0 * round));
    }
    const double before = OwnCpuSeconds();
    for (const std::string& batch : batches) {
      if (!take(ingest, batch)) {
        return -1;
      }
    }
    ingest.Tick(WallFromMicros(at + interval.count() / 2));
    cpu += round == 0 ? 0 : OwnCpuSeconds() - before;  // the first meets every series for the first time
  }
  return cpu * 1e6 / ((kRounds - 1) * 20.0 * kSeriesPerBatch);
}

double RemoteWriteCost() {
  return Decode(
      [](int first, int64_t micros, double value) {
        std::string packed;
        const std::string batch = RemoteWriteBatch(first, micros / 1000, value);
        snappy::Compress(batch.data(), batch.size(), &packed);
        return packed;
      },
      [](kpi::Ingest& ingest, const std::string& packed) {
        std::string message;
        const auto outcome = snappy::Uncompress(packed.data(), packed.size(), &message)
                                 ? ingest.TakeRemoteWrite(message)
                                 : StatusOr<kpi::BatchOutcome>(InvalidArgument("not packed"));
        return outcome.ok() && outcome->Of(kpi::Fate::kTaken) == kSeriesPerBatch;
      });
}

double OtlpCost() {
  return Decode(
      [](int first, int64_t micros, double value) {
        return OtlpBatch(first, kSeriesPerBatch / kKpis, micros, value).SerializeAsString();
      },
      [](kpi::Ingest& ingest, const std::string& message) {
        const auto outcome = ingest.TakeOtlp(message);
        return outcome.ok() && outcome->Of(kpi::Fate::kTaken) == kSeriesPerBatch;
      });
}

// ---- the daemon ----

class Daemon {
 public:
  explicit Daemon(const std::string& program) {
    std::string pattern = (fs::temp_directory_path() / "shadowd-bench-XXXXXX").string();
    directory_ = ::mkdtemp(pattern.data());
    const std::string config = directory_ + "/c.yaml";
    std::string text = fmt::format(
        "socket_path: {0}/s\nstate_dir: {0}/state\nruntime_dir: {0}/run\nfreeze_file: {0}/freeze\nlog_level: "
        "error\n"
        "ingest:\n  otlp_listen: 127.0.0.1:{1}\n  rules:\n",
        directory_, kOtlpPort);
    for (const model::KpiRule& rule : Rules()) {
      text += fmt::format("    - {{metric: {}, kpi: {}, kind: {}, service: \"{{job}}\"}}\n", rule.metric,
                          model::SeriesKpiName(rule.kpi), model::SeriesKindName(rule.kind));
    }
    std::ofstream(config) << text;
    std::vector<std::string> words = {program, "--config", config};
    std::vector<char*> argv;
    for (std::string& word : words) {
      argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    ::posix_spawn(&pid_, program.c_str(), nullptr, nullptr, argv.data(), environ);
  }
  ~Daemon() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }
  pid_t pid() const { return pid_; }
  std::unique_ptr<client::Client> Connect() const {
    client::Options to;
    to.address = "unix://" + directory_ + "/s";
    to.deadline = std::chrono::seconds(30);
    for (int i = 0; i < 200; ++i) {
      auto connected = client::Client::Connect(to).value();
      if (connected->GetStatus().ok()) {
        return connected;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return nullptr;
  }

 private:
  std::string directory_;
  pid_t pid_ = -1;
};

v1::Service Observed() {
  v1::Service service;
  service.set_mode(v1::Service::OBSERVE);
  return service;
}

// Samples a second apart of one service whose step is fifteen.
double ReportCost(client::Client& client, pid_t pid) {
  if (!client.CreateService("streamed", Observed()).ok()) {
    return -1;
  }
  client::SampleStream stream(client);
  const int64_t begin = NowMicros() / 1'000'000 - kStreamed - 60;
  const double before = CpuSecondsOf(pid);
  for (int sent = 0; sent < kStreamed; sent += kSeriesPerBatch) {
    std::vector<v1::Sample> samples(kSeriesPerBatch);
    for (int i = 0; i < kSeriesPerBatch; ++i) {
      samples[static_cast<size_t>(i)].mutable_demand()->mutable_time()->set_seconds(begin + sent + i);
      samples[static_cast<size_t>(i)].mutable_demand()->set_rps(100 + sent % 7);
    }
    if (!stream.Send("services/streamed", samples).ok()) {
      return -1;
    }
  }
  return stream.Close().ok() && stream.refused() == 0 ? (CpuSecondsOf(pid) - before) * 1e6 / kStreamed : -1;
}

// Rounds as they come in life, fifteen seconds apart: from the second on, CPU until the next one begins.
double ServicesShare(client::Client& client, pid_t pid, int services) {
  for (int i = 0; i < services; ++i) {
    if (!client.CreateService(fmt::format("service-{}", i), Observed()).ok()) {
      return -1;
    }
  }
  auto stub = otel::MetricsService::NewStub(
      grpc::CreateChannel(fmt::format("127.0.0.1:{}", kOtlpPort), grpc::InsecureChannelCredentials()));
  constexpr int kWarm = 2;
  constexpr int kMeasured = 3;
  double before = 0;
  auto next = Clock::now();
  for (int round = 0; round < kWarm + kMeasured; ++round) {
    if (round == kWarm) {
      before = CpuSecondsOf(pid);
    }
    for (int first = 0; first < services; first += 1000) {
      const auto request =
          OtlpBatch(first, std::min(1000, services - first), NowMicros(), 1000.0 * (round + 1));
      grpc::ClientContext context;
      otel::ExportMetricsServiceResponse answer;
      if (!stub->Export(&context, request, &answer).ok() || answer.has_partial_success()) {
        return -1;
      }
    }
    next += std::chrono::seconds(15);
    std::this_thread::sleep_until(next);
  }
  return (CpuSecondsOf(pid) - before) / (kMeasured * kRoundSeconds);
}

int Main(int argc, char** argv) {
  bool json = false;
  std::string program = SHADOWD_DAEMON;
  Figures figures;
  figures.services = 10'000;
  for (int i = 1; i < argc; ++i) {
    json = json || std::strcmp(argv[i], "--json") == 0;
    if (std::strcmp(argv[i], "--services") == 0 && i + 1 < argc) {
      figures.services = std::max(1, std::atoi(argv[++i]));
    } else if (std::strcmp(argv[i], "--daemon") == 0 && i + 1 < argc) {
      program = argv[++i];
    }
  }
  figures.remote_write_us = RemoteWriteCost();
  figures.otlp_us = OtlpCost();
  {
    const Daemon daemon(program);
    const auto client = daemon.Connect();
    if (client == nullptr) {
      std::fprintf(stderr, "bench_ingest: the daemon does not answer\n");
      return 1;
    }
    figures.report_us = ReportCost(*client, daemon.pid());
    figures.services_core_share = ServicesShare(*client, daemon.pid(), figures.services);
  }
  if (json) {
    fmt::print(
        "{{\"report_samples_cpu_us\": {:.3f}, \"remote_write_cpu_us\": {:.3f}, \"otlp_cpu_us\": {:.3f}, "
        "\"services\": {}, \"kpis\": {}, \"core_share\": {:.4f}}}\n",
        figures.report_us, figures.remote_write_us, figures.otlp_us, figures.services, kKpis,
        figures.services_core_share);
  } else {
    fmt::print(
        "CPU a sample: ReportSamples {:.2f} us (budget 1), remote write {:.2f} us (2), OTLP {:.2f} us (2)\n"
        "{} services x {} KPIs every 15 s: {:.1f} % of a core (budget 10)\n",
        figures.report_us, figures.remote_write_us, figures.otlp_us, figures.services, kKpis,
        100 * figures.services_core_share);
  }
  return 0;
}

}  // namespace
}  // namespace shadowd::bench

int main(int argc, char** argv) {
  return shadowd::bench::Main(argc, argv);
}
