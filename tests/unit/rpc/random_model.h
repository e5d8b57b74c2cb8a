// Seeded random values of every type of the domain that is stored or sent, extremes included, for round
// trips.
#pragma once

#include "base/rng.h"
#include "model/decision.h"
#include "model/forecast.h"
#include "model/intent.h"
#include "model/learnt.h"
#include "model/ledger.h"
#include "model/replica.h"
#include "model/service.h"
#include "model/trial.h"
#include "rpc/convert_sample.h"

namespace shadowd::rpc {

model::Service RandomService(Rng& rng);
model::Instance RandomInstance(Rng& rng);
model::Shadow RandomShadow(Rng& rng);
model::Trial RandomTrial(Rng& rng);
model::Decision RandomDecision(Rng& rng);
model::ModelVersion RandomModelVersion(Rng& rng);
model::LedgerEntry RandomLedgerEntry(Rng& rng);
model::Intent RandomIntent(Rng& rng);
model::AuditEntry RandomAuditEntry(Rng& rng);
model::Forecast RandomForecast(Rng& rng);
model::KpiWindow RandomWindow(Rng& rng);

}  // namespace shadowd::rpc
