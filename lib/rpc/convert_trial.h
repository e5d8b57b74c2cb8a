// Triggers, trials and their arms between the domain and the API.
// Pure functions, any thread. FromProto(ToProto(x)) == x; a number or name that cannot be read is
// INVALID_ARGUMENT with the path of its field.
#pragma once

#include "base/status.h"
#include "model/trial.h"
#include "model/trigger.h"
#include "shadowd/v1/common.pb.h"
#include "shadowd/v1/trials.pb.h"

namespace shadowd::rpc {

void ToProto(const model::Trigger& trigger, v1::Trigger* out);
StatusOr<model::Trigger> FromProto(const v1::Trigger& in);

void ToProto(const model::ArmVerdict& verdict, v1::ArmVerdict* out);
StatusOr<model::ArmVerdict> FromProto(const v1::ArmVerdict& in);

void ToProto(const model::Arm& arm, v1::Arm* out);
StatusOr<model::Arm> FromProto(const v1::Arm& in);

void ToProto(const model::Trial& trial, v1::Trial* out);
v1::Trial ToProto(const model::Trial& trial);
StatusOr<model::Trial> FromProto(const v1::Trial& in);

}  // namespace shadowd::rpc
