// Rules that every message of the API keeps.
#include <google/protobuf/descriptor.h>

#include <set>

#include "require_ok.h"
#include "shadowd/v1/config.pb.h"
#include "shadowd/v1/costs.pb.h"
#include "shadowd/v1/daemon.pb.h"
#include "shadowd/v1/decisions.pb.h"
#include "shadowd/v1/forecasts.pb.h"
#include "shadowd/v1/journal.pb.h"
#include "shadowd/v1/models.pb.h"
#include "shadowd/v1/options.pb.h"
#include "shadowd/v1/services.pb.h"
#include "shadowd/v1/shadows.pb.h"
#include "shadowd/v1/storage.pb.h"
#include "shadowd/v1/telemetry.pb.h"
#include "shadowd/v1/trials.pb.h"

namespace shadowd::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FileDescriptor;

// All files of the API, by following imports from those that nothing imports.
std::set<const FileDescriptor*> ApiFiles() {
  std::vector<const FileDescriptor*> open = {
      v1::DaemonConfig::descriptor()->file(), v1::Cost::descriptor()->file(),
      v1::DaemonStatus::descriptor()->file(), v1::Decision::descriptor()->file(),
      v1::Forecast::descriptor()->file(),     v1::Model::descriptor()->file(),
      v1::Service::descriptor()->file(),      v1::Shadow::descriptor()->file(),
      v1::Intent::descriptor()->file(),       v1::Sample::descriptor()->file(),
      v1::Trial::descriptor()->file(),        v1::JournalEntry::descriptor()->file()};
  std::set<const FileDescriptor*> files;
  while (!open.empty()) {
    const FileDescriptor* file = open.back();
    open.pop_back();
    if (file->package() == "shadowd.v1" && files.insert(file).second) {
      for (int i = 0; i < file->dependency_count(); ++i) {
        open.push_back(file->dependency(i));
      }
    }
  }
  return files;
}

template <typename Visit>
void ForEachMessage(const Descriptor* message, Visit visit) {
  if (!message->options().map_entry()) {
    visit(*message);
  }
  for (int i = 0; i < message->nested_type_count(); ++i) {
    ForEachMessage(message->nested_type(i), visit);
  }
}

template <typename Visit>
void ForEachMessage(Visit visit) {
  for (const FileDescriptor* file : ApiFiles()) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      ForEachMessage(file->message_type(i), visit);
    }
  }
}

TEST_CASE("All files of the API are looked at") {
  REQUIRE(ApiFiles().size() == 17);
}

TEST_CASE("Every field of every message has exactly one behaviour") {
  int fields = 0;
  ForEachMessage([&](const Descriptor& message) {
    for (int i = 0; i < message.field_count(); ++i) {
      INFO(message.field(i)->full_name());
      REQUIRE(message.field(i)->options().ExtensionSize(v1::behavior) == 1);
      REQUIRE(message.field(i)->options().GetExtension(v1::behavior, 0) != v1::FIELD_BEHAVIOR_UNSPECIFIED);
      ++fields;
    }
  });
  REQUIRE(fields > 300);
}

TEST_CASE("Every mutating request can be repeated safely and every listing has pages") {
  const std::set<std::string> reading = {"Get", "List", "Watch", "Stream"};
  for (const FileDescriptor* file : ApiFiles()) {
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const auto& method = *file->service(s)->method(m);
        INFO(method.full_name());
        const auto starts = [&](const std::string& verb) { return method.name().rfind(verb, 0) == 0; };
        const bool reads = std::any_of(reading.begin(), reading.end(), starts);
        REQUIRE((reads || method.input_type()->FindFieldByName("request_id") != nullptr));
        if (starts("List")) {
          REQUIRE(method.input_type()->FindFieldByName("page_token") != nullptr);
          REQUIRE(method.output_type()->FindFieldByName("next_page_token") != nullptr);
        }
        if (starts("Watch")) {
          REQUIRE(method.server_streaming());
          REQUIRE(method.input_type()->FindFieldByName("resume_revision") != nullptr);
        }
      }
    }
  }
}

TEST_CASE("Every enum begins with an UNSPECIFIED zero") {
  ForEachMessage([](const Descriptor& message) {
    for (int i = 0; i < message.enum_type_count(); ++i) {
      INFO(message.enum_type(i)->full_name());
      const std::string& zero = message.enum_type(i)->FindValueByNumber(0)->name();
      REQUIRE(zero.size() > 12);
      REQUIRE(zero.substr(zero.size() - 12) == "_UNSPECIFIED");
    }
  });
}

}  // namespace
}  // namespace shadowd::rpc
