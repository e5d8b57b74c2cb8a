// What a scaler is told: the value that its query asks for, from the read model, or the last one kept while
// nothing new is known. Loop thread.
#pragma once

#include "base/status.h"
#include "base/time.h"
#include "daemon/rpc/answer_book.h"
#include "daemon/rpc/catalogue.h"
#include "daemon/rpc/scaler_query.h"

namespace shadowd::daemon {

// Replicas: `forecast` is the plan of the newest decision, tested or not; `confirmed` the newest decision
// that stands (neither failed, blocked, declined nor superseded), in mode ACT what production is being
// brought to. Within the bounds of the service. A value is as old as the last forecast of the service or the
// decision itself, whichever is younger: while demand is seen a decision stays good.
//
// NOT_FOUND: no such service. INVALID_ARGUMENT: a horizon beyond the forecast. UNAVAILABLE (NO_ANSWER): there
// is no value, and none kept, that is younger than max_age; never a zero in its place.
StatusOr<double> ScalerAnswer(const Catalogue& catalogue, const ScalerQuery& query, WallTime now,
                              AnswerBook& book);

}  // namespace shadowd::daemon
