// Service and daemon files of any bytes: never a crash, and what was accepted survives being written and read
// again.
#include <google/protobuf/util/message_differencer.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "config/daemon_config.h"
#include "config/service_file.h"
#include "config/yaml_proto.h"
#include "shadowd/v1/services.pb.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)shadowd::config::ParseDaemonConfig(text, "fuzz.yaml");
  const auto services = shadowd::config::ParseServiceProtos(text, "fuzz.yaml");
  if (!services.ok()) {
    return 0;
  }
  for (const auto& service : *services) {
    const auto again = shadowd::config::ParseServiceProto(shadowd::config::ToYaml(service), "again.yaml");
    SHADOWD_CHECK(again.ok());
    SHADOWD_CHECK(google::protobuf::util::MessageDifferencer::Equals(*again, service));
  }
  return 0;
}
