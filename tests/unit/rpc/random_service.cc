#include "random_model.h"
#include "random_value.h"

namespace shadowd::rpc {
namespace {

std::map<std::string, std::string> Environment(Rng& rng) {
  std::map<std::string, std::string> environment;
  for (uint64_t n = rng.Below(4); n > 0; --n) {
    environment["NAME_" + std::to_string(n)] = Text(rng);
  }
  return environment;
}

model::InstanceTemplate Template(Rng& rng) {
  model::InstanceTemplate value;
  value.argv = Some(rng, [&] { return Text(rng); });
  value.environment = Environment(rng);
  value.working_dir = Text(rng);
  value.address = Text(rng);
  value.port_first = Int(rng);
  value.port_last = Int(rng);
  value.readiness = {Text(rng), Length(rng), Length(rng)};
  value.stop_grace = Length(rng);
  value.output_bytes_max = Unsigned(rng);
  return value;
}

model::ShadowSpec Shadows(Rng& rng) {
  model::ShadowSpec value;
  value.levels = Some(rng, [&] { return Int(rng); });
  value.levels_auto_max = Int(rng);
  value.shadows_per_level = Int(rng);
  value.null_arm = Bool(rng);
  value.max_shadows = Int(rng);
  value.ttl = Length(rng);
  value.idle_timeout = Length(rng);
  value.lease = Length(rng);
  value.shadow_class = {Bool(rng), Some(rng, [&] { return Int(rng); }), Unsigned(rng), Environment(rng),
                        Some(rng, [&] { return Text(rng); })};
  return value;
}

model::HttpServer Server(Rng& rng) {
  return {Text(rng), Text(rng), Text(rng), Text(rng), Text(rng), Length(rng)};
}

model::TelemetrySpec Telemetry(Rng& rng) {
  model::TelemetrySpec value;
  if (Bool(rng)) {
    value.prometheus = {
        Server(rng),
        Some(rng,
             [&] {
               return model::QueryPreset{Text(rng), Text(rng)};
             }),
        {Text(rng), Text(rng), Text(rng), Text(rng), Text(rng), Text(rng), Text(rng), Text(rng)},
        Length(rng),
        Length(rng),
        Length(rng)};
  }
  if (Bool(rng)) {
    value.scrape = {Some(rng, [&] { return Server(rng); }),
                    Some(rng,
                         [&] {
                           return model::KpiRule{Text(rng),
                                                 Environment(rng),
                                                 Any(rng, model::SeriesKpi::kReplicas),
                                                 Any(rng, model::SeriesKind::kHistogram),
                                                 Real(rng),
                                                 Text(rng)};
                         }),
                    Text(rng), Length(rng)};
  }
  if (Bool(rng)) {
    value.access_log = {Text(rng), Any(rng, model::AccessLogFormat::kJson), Int(rng)};
  }
  return value;
}

model::ServiceSpec Spec(Rng& rng) {
  model::ServiceSpec spec;
  spec.id = AnyService(rng);
  spec.mode = Any(rng, model::Mode::kAct);
  spec.version = Text(rng);
  spec.balancing = Any(rng, model::Balancing::kLeastConn);
  spec.instance = Bool(rng) ? Template(rng) : model::InstanceTemplate();
  spec.bounds = {Int(rng), Int(rng), Int(rng), Int(rng), Length(rng), Length(rng)};
  spec.slo = {Real(rng), Length(rng), Real(rng)};
  spec.forecast = {Length(rng), Some(rng, [&] { return Int(rng); }), Int(rng), Real(rng), Length(rng)};
  spec.triggers = {Real(rng), Int(rng), Int(rng), Length(rng), Unsigned(rng)};
  spec.shadows = Shadows(rng);
  spec.trial = {Any(rng, model::TrialPolicy::kNever),
                Length(rng),
                Length(rng),
                Real(rng),
                Real(rng),
                Real(rng),
                Length(rng)};
  spec.haproxy = {Text(rng), Text(rng), Text(rng), Bool(rng)};
  spec.mirror = {Text(rng), Int(rng), Real(rng), {"GET", "POST"}, Text(rng)};
  spec.load = {Bool(rng), Real(rng), {"/a", "/b?c=d"}};
  spec.prices = {Text(rng), Real(rng), Real(rng), Real(rng)};
  spec.lead_time_prior = Length(rng);
  spec.telemetry = Telemetry(rng);
  return spec;
}

}  // namespace

model::Service RandomService(Rng& rng) {
  return {Spec(rng),
          At(rng),
          At(rng),
          Text(rng),
          Int(rng),
          Text(rng),
          Bool(rng) ? Template(rng) : model::InstanceTemplate(),
          Bool(rng)};
}

}  // namespace shadowd::rpc
