#include "change_commands.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "columns.h"
#include "config/service_file.h"
#include "csv.h"
#include "input/input_file.h"
#include "print.h"
#include "report_rows.h"
#include "shadowd/sample_stream.h"

namespace shadowd::ctl {
namespace {

constexpr size_t kSamplesPerMessage = 500;

WallTime WallNow() {
  return WallFromMicros(
      std::chrono::duration_cast<Micros>(std::chrono::system_clock::now().time_since_epoch()).count());
}

StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || std::filesystem::is_directory(path) || !(text << file.rdbuf())) {
    return NotFound("cannot read {}", path);
  }
  return text.str();
}

StatusOr<std::vector<std::string>> SpecFiles(const std::string& path) {
  if (!std::filesystem::is_directory(path)) {
    return std::vector<std::string>{path};
  }
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.path().extension() == ".yaml" || entry.path().extension() == ".yml") {
      files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files.empty() ? StatusOr<std::vector<std::string>>(NotFound("{} holds no *.yaml file", path))
                       : files;
}

// The resource that a change answered with: a sentence for people, the whole of it for programs.
template <typename T>
Status PrintResult(const Session& session, const StatusOr<T>& result, const std::string& sentence) {
  if (!result.ok()) {
    return result.status();
  }
  if (session.output == Output::kTable) {
    std::printf("%s\n", sentence.c_str());
  } else {
    PrintValue(ToJson(*result), session.output);
  }
  return absl::OkStatus();
}

template <typename T>
Status PrintRow(const Session& session, const StatusOr<T>& result) {
  return PrintResult(session, result, result.ok() ? Table(HeaderOf<T>(), {RowOf(*result)}) : std::string());
}

std::string ServicePath(const std::string& service) {
  return FullName(Noun::kService, service, "").value_or(service);
}

}  // namespace

Status ApplyFiles(const Session& session, const std::string& path, bool dry_run) {
  SHADOWD_ASSIGN_OR_RETURN(const std::vector<std::string> files, SpecFiles(path));
  std::vector<v1::Service> services;
  for (const std::string& file : files) {
    SHADOWD_ASSIGN_OR_RETURN(const std::string text, ReadFile(file));
    SHADOWD_ASSIGN_OR_RETURN(auto parsed, config::ParseServiceProtos(text, file));
    services.insert(services.end(), std::make_move_iterator(parsed.begin()),
                    std::make_move_iterator(parsed.end()));
  }
  SHADOWD_ASSIGN_OR_RETURN(const auto client, session.Connect());
  auto applied = nlohmann::ordered_json::array();
  for (const v1::Service& service : services) {
    const auto result = client->ApplyService(service, dry_run);
    if (!result.ok()) {
      return Annotate(result.status(), LastSegment(service.name()));
    }
    if (session.output == Output::kTable) {
      std::printf("%s %s\n", result->name().empty() ? service.name().c_str() : result->name().c_str(),
                  dry_run ? "is valid" : "applied");
    } else {
      applied.push_back(ToJson(*result));
    }
  }
  if (session.output != Output::kTable) {
    PrintValue({{"services", applied}}, session.output);
  }
  return absl::OkStatus();
}

Status DeleteOne(const Session& session, const std::string& service) {
  SHADOWD_ASSIGN_OR_RETURN(const auto client, session.Connect());
  return PrintResult(session, client->DeleteService(ServicePath(service)),
                     ServicePath(service) + " is being taken down");
}

Status Propose(const Session& session, const std::string& service, int replicas, std::chrono::seconds wait) {
  SHADOWD_ASSIGN_OR_RETURN(const auto client, session.Connect());
  return PrintRow(session, client->ProposeScaling(ServicePath(service), replicas, wait));
}

namespace {

Status TellReported(const Session& session, client::SampleStream& stream) {
  SHADOWD_RETURN_IF_ERROR(stream.Close());
  if (session.output == Output::kTable) {
    std::printf("%lld samples accepted, %lld refused\n", static_cast<long long>(stream.accepted()),
                static_cast<long long>(stream.refused()));
  } else {
    PrintValue({{"accepted_count", stream.accepted()}, {"refused_count", stream.refused()}}, session.output);
  }
  return stream.refused() == 0 ? absl::OkStatus() : InvalidArgument("{}", stream.refused_reason());
}

// Each row is sent as it comes, so that a script may write one whenever it has measured. A row that is none
// ends it: the script would not hear of it otherwise.
Status ReportRows(const Session& session, client::SampleStream& stream, const std::string& service) {
  std::string row;
  for (int line = 1; std::getline(std::cin, row); ++line) {
    SHADOWD_ASSIGN_OR_RETURN(const std::optional<v1::DemandSample> demand,
                             ParseReportRow(row, line, WallNow()));
    if (demand) {
      v1::Sample sample;
      *sample.mutable_demand() = *demand;
      SHADOWD_RETURN_IF_ERROR(stream.Send(service, {sample}));
    }
  }
  return TellReported(session, stream);
}

Status ReportFile(const Session& session, client::Client& client, const std::string& service,
                  const std::string& file) {
  client::SampleStream stream(client);
  if (file == "-") {
    return ReportRows(session, stream, service);
  }
  SHADOWD_ASSIGN_OR_RETURN(const std::string text, input::ReadInput(file));
  SHADOWD_ASSIGN_OR_RETURN(const CsvHistory history, ParseHistory(text, file));
  std::vector<v1::Sample> batch;
  for (size_t i = 0; i < history.demand.size(); ++i) {
    *batch.emplace_back().mutable_demand() = history.demand[i];
    if (batch.size() == kSamplesPerMessage || i + 1 == history.demand.size()) {
      SHADOWD_RETURN_IF_ERROR(stream.Send(service, batch));
      batch.clear();
    }
  }
  return TellReported(session, stream);
}

}  // namespace

Status Report(const Session& session, const std::string& service, std::optional<double> demand,
              const std::string& file) {
  SHADOWD_ASSIGN_OR_RETURN(const auto client, session.Connect());
  if (!demand.has_value()) {
    return ReportFile(session, *client, ServicePath(service), file);
  }
  v1::Sample sample;
  sample.mutable_demand()->mutable_time()->set_seconds(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
          .count());
  sample.mutable_demand()->set_rps(*demand);
  SHADOWD_ASSIGN_OR_RETURN(const int accepted, client->ReportSamples(ServicePath(service), {sample}));
  if (session.output == Output::kTable) {
    std::printf("%d sample accepted\n", accepted);
  } else {
    PrintValue({{"accepted_count", accepted}, {"refused_count", 0}}, session.output);
  }
  return absl::OkStatus();
}

Status Import(const Session& session, const std::string& service, const std::string& file,
              const std::string& value_column, const input::PrometheusHistory& prometheus) {
  const std::string from = file.empty() ? prometheus.url : file;
  SHADOWD_ASSIGN_OR_RETURN(const std::string text, file.empty() ? input::ReadPrometheus(prometheus, WallNow())
                                                                : input::ReadInput(file));
  SHADOWD_ASSIGN_OR_RETURN(const CsvHistory history, ParseHistory(text, from, value_column));
  SHADOWD_ASSIGN_OR_RETURN(const auto client, session.Connect());
  const auto taken = client->ImportHistory(ServicePath(service), history.demand, history.points);
  std::string sentence;
  if (taken.ok()) {
    sentence = fmt::format("{} demand samples and {} capacity points taken", taken->demand_count(),
                           taken->point_count());
    for (size_t i = 0; i < history.unused_columns.size(); ++i) {
      sentence += (i == 0 ? "; not used: " : ", ") + history.unused_columns[i];
    }
  }
  return PrintResult(session, taken, sentence);
}

Status NullTrial(const Session& session, const std::string& service, std::chrono::seconds wait) {
  SHADOWD_ASSIGN_OR_RETURN(const auto client, session.Connect());
  return PrintRow(session, client->RunNullTrial(ServicePath(service), wait));
}

Status Revert(const Session& session, const std::string& model, const std::string& service) {
  SHADOWD_ASSIGN_OR_RETURN(const std::string name, FullName(Noun::kModel, model, service));
  SHADOWD_ASSIGN_OR_RETURN(const auto client, session.Connect());
  return PrintRow(session, client->RevertModel(name));
}

Status Retrain(const Session& session, const std::string& service) {
  SHADOWD_ASSIGN_OR_RETURN(const auto client, session.Connect());
  return PrintRow(session, client->Retrain(ServicePath(service)));
}

Status Cancel(const Session& session, const std::string& trial, const std::string& service) {
  SHADOWD_ASSIGN_OR_RETURN(const std::string name, FullName(Noun::kTrial, trial, service));
  SHADOWD_ASSIGN_OR_RETURN(const auto client, session.Connect());
  return PrintRow(session, client->CancelTrial(name));
}

Status Terminate(const Session& session, const std::string& shadow, const std::string& service) {
  SHADOWD_ASSIGN_OR_RETURN(const std::string name, FullName(Noun::kShadow, shadow, service));
  SHADOWD_ASSIGN_OR_RETURN(const auto client, session.Connect());
  return PrintRow(session, client->TerminateShadow(name));
}

Status Judge(const Session& session, const std::string& decision, const std::string& service, bool approve) {
  SHADOWD_ASSIGN_OR_RETURN(const std::string name, FullName(Noun::kDecision, decision, service));
  SHADOWD_ASSIGN_OR_RETURN(const auto client, session.Connect());
  return PrintRow(session, approve ? client->ApproveDecision(name) : client->RejectDecision(name));
}

Status Freeze(const Session& session, bool frozen, const std::string& reason) {
  SHADOWD_ASSIGN_OR_RETURN(const auto client, session.Connect());
  return PrintResult(
      session, client->SetFreeze(frozen, reason),
      frozen ? "frozen: nothing passes to production until shadowctl freeze --off" : "no longer frozen");
}

Status ShowStatus(const Session& session) {
  SHADOWD_ASSIGN_OR_RETURN(const auto client, session.Connect());
  const auto status = client->GetStatus();
  if (!status.ok()) {
    return status.status();
  }
  std::string text = fmt::format("shadowd {} is {}, up {}, pid {}\n", status->version(),
                                 v1::DaemonStatus::State_Name(status->state()),
                                 Age(status->start_time().seconds()), status->pid());
  for (const std::string& reason : status->degraded_reasons()) {
    text += "  degraded: " + reason + "\n";
  }
  text += fmt::format("{} services, {} instances, {} of {} shadows\n", status->services(),
                      status->instances(), status->shadows(), status->shadows_max());
  text += fmt::format("{:.1f} MiB resident; waiting: {} events, {} steps for the disk, {} writes\n",
                      status->resident_bytes() / (1 << 20), status->loop_queue(), status->uncommitted_steps(),
                      status->store_queue());
  text += status->frozen()
              ? fmt::format("FROZEN: {}",
                            status->freeze_reason().empty() ? "no reason given" : status->freeze_reason())
              : "not frozen";
  return PrintResult(session, status, text);
}

Status ShowAudit(const Session& session, int limit) {
  SHADOWD_ASSIGN_OR_RETURN(const auto client, session.Connect());
  SHADOWD_ASSIGN_OR_RETURN(const auto entries, client->ListAuditEntries(limit));
  std::vector<Row> rows;
  auto items = nlohmann::ordered_json::array();
  for (const v1::AuditEntry& entry : entries) {
    rows.push_back(
        {Clock(entry.time().seconds()), entry.actor(), entry.method(), entry.resource(), entry.detail()});
    items.push_back(ToJson(entry));
  }
  if (session.output == Output::kTable) {
    std::fputs(Table({"TIME", "ACTOR", "METHOD", "RESOURCE", "DETAIL"}, rows).c_str(), stdout);
  } else {
    PrintValue({{"audit_entries", items}}, session.output);
  }
  return absl::OkStatus();
}

}  // namespace shadowd::ctl
