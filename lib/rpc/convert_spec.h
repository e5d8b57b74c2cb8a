// The parts of a service's specification between the domain and the API; for convert_service. WriteSpec sets
// every field, ReadSpec leaves the documented default where one is absent. Pure functions, any thread.
#pragma once

#include "base/status.h"
#include "model/service.h"
#include "shadowd/v1/service_spec.pb.h"

namespace shadowd::rpc {

void WriteSpec(const model::InstanceTemplate& part, v1::InstanceTemplate* out);
void WriteSpec(const model::Bounds& part, v1::Bounds* out);
void WriteSpec(const model::Slo& part, v1::Slo* out);
void WriteSpec(const model::ForecastSpec& part, v1::ForecastSpec* out);
void WriteSpec(const model::TriggerSpec& part, v1::TriggerSpec* out);
void WriteSpec(const model::ShadowSpec& part, v1::ShadowSpec* out);
void WriteSpec(const model::TrialSpec& part, v1::TrialSpec* out);
void WriteSpec(const model::HaproxySpec& part, v1::HaproxySpec* out);
void WriteSpec(const model::MirrorSpec& part, v1::MirrorSpec* out);
void WriteSpec(const model::LoadSpec& part, v1::LoadSpec* out);
void WriteSpec(const model::Prices& part, v1::Prices* out);

Status ReadSpec(const v1::InstanceTemplate& in, model::InstanceTemplate& part);
Status ReadSpec(const v1::Bounds& in, model::Bounds& part);
Status ReadSpec(const v1::Slo& in, model::Slo& part);
Status ReadSpec(const v1::ForecastSpec& in, model::ForecastSpec& part);
Status ReadSpec(const v1::TriggerSpec& in, model::TriggerSpec& part);
Status ReadSpec(const v1::ShadowSpec& in, model::ShadowSpec& part);
Status ReadSpec(const v1::TrialSpec& in, model::TrialSpec& part);
Status ReadSpec(const v1::HaproxySpec& in, model::HaproxySpec& part);
Status ReadSpec(const v1::MirrorSpec& in, model::MirrorSpec& part);
Status ReadSpec(const v1::LoadSpec& in, model::LoadSpec& part);
Status ReadSpec(const v1::Prices& in, model::Prices& part);

}  // namespace shadowd::rpc
