#include "config/service_file.h"

#include <set>

#include "config/validate_service.h"
#include "config/yaml_proto.h"
#include "config/yaml_tree.h"
#include "rpc/convert_service.h"
#include "rpc/field_rules.h"

namespace shadowd::config {
namespace {

struct Parsed {
  v1::Service proto;
  model::ServiceSpec spec;
};

StatusOr<Parsed> ReadDocument(const YamlNode& document, std::string_view file) {
  FieldLines lines{std::string(file)};
  lines.SetStart(document.line);
  Parsed parsed;
  SHADOWD_RETURN_IF_ERROR(YamlToProto(document, &parsed.proto, &lines));
  if (!parsed.proto.name().empty() && parsed.proto.name().find('/') == std::string::npos) {
    parsed.proto.set_name("services/" + parsed.proto.name());
  }
  if (parsed.proto.name().empty()) {
    return lines.Locate(
        WithField(WithReason(InvalidArgument("name is required"), "REQUIRED_FIELD_MISSING"), "name"));
  }
  if (const Status required = rpc::CheckRequired(parsed.proto); !required.ok()) {
    return lines.Locate(required);
  }
  auto spec = rpc::SpecFromProto(parsed.proto);
  if (!spec.ok()) {
    return lines.Locate(spec.status());
  }
  if (const Status valid = ValidateService(*spec); !valid.ok()) {
    return lines.Locate(valid);
  }
  parsed.spec = *std::move(spec);
  return parsed;
}

StatusOr<std::vector<Parsed>> ReadAll(std::string_view yaml, std::string_view file) {
  SHADOWD_ASSIGN_OR_RETURN(const auto documents, ParseYaml(yaml, file));
  if (documents.empty()) {
    return YamlError(file, 1, "no service in it");
  }
  std::vector<Parsed> all;
  std::set<model::ServiceId> seen;
  for (const YamlPtr& document : documents) {
    SHADOWD_ASSIGN_OR_RETURN(Parsed parsed, ReadDocument(*document, file));
    if (!seen.insert(parsed.spec.id).second) {
      return YamlError(file, document->line, fmt::format("service '{}' appears twice", parsed.spec.id));
    }
    all.push_back(std::move(parsed));
  }
  return all;
}

StatusOr<Parsed> ReadOne(std::string_view yaml, std::string_view file) {
  SHADOWD_ASSIGN_OR_RETURN(auto all, ReadAll(yaml, file));
  if (all.size() != 1) {
    return YamlError(file, 1, fmt::format("one service expected, {} found", all.size()));
  }
  return std::move(all.front());
}

}  // namespace

StatusOr<model::ServiceSpec> ParseServiceSpec(std::string_view yaml, std::string_view file) {
  SHADOWD_ASSIGN_OR_RETURN(Parsed parsed, ReadOne(yaml, file));
  return std::move(parsed.spec);
}

StatusOr<std::vector<model::ServiceSpec>> ParseServiceSpecs(std::string_view yaml, std::string_view file) {
  SHADOWD_ASSIGN_OR_RETURN(auto all, ReadAll(yaml, file));
  std::vector<model::ServiceSpec> specs;
  for (Parsed& parsed : all) {
    specs.push_back(std::move(parsed.spec));
  }
  return specs;
}

StatusOr<v1::Service> ParseServiceProto(std::string_view yaml, std::string_view file) {
  SHADOWD_ASSIGN_OR_RETURN(Parsed parsed, ReadOne(yaml, file));
  return std::move(parsed.proto);
}

StatusOr<std::vector<v1::Service>> ParseServiceProtos(std::string_view yaml, std::string_view file) {
  SHADOWD_ASSIGN_OR_RETURN(auto all, ReadAll(yaml, file));
  std::vector<v1::Service> protos;
  for (Parsed& parsed : all) {
    protos.push_back(std::move(parsed.proto));
  }
  return protos;
}

}  // namespace shadowd::config
