#include "load/run_counts.h"

#include <fmt/format.h>

#include "base/check.h"

namespace shadowd::load {
namespace {

constexpr double kLagShareMax = 0.05;  // of the median latency
constexpr int64_t kLagAlwaysFine = 5;  // us: no clock here is better

template <typename Key>
void Sum(std::map<Key, uint64_t>& into, const std::map<Key, uint64_t>& other) {
  for (const auto& [key, count] : other) {
    into[key] += count;
  }
}

}  // namespace

void RunCounts::Add(const RunCounts& other) {
  planned += other.planned;
  sent += other.sent;
  not_sent += other.not_sent;
  completed += other.completed;
  Sum(unanswered, other.unanswered);
  Sum(wrong_answers, other.wrong_answers);
  Sum(statuses, other.statuses);
  bytes_sent += other.bytes_sent;
  bytes_received += other.bytes_received;
  connections += other.connections;
  latency.Merge(other.latency);
  send_lag.Merge(other.send_lag);
  connection_wait.Merge(other.connection_wait);
  SHADOWD_CHECK(routes.size() == other.routes.size());
  for (size_t i = 0; i < routes.size(); ++i) {
    routes[i].completed += other.routes[i].completed;
    routes[i].errors += other.routes[i].errors;
    routes[i].latency.Merge(other.routes[i].latency);
  }
}

uint64_t RunCounts::Errors() const {
  uint64_t errors = 0;
  for (const auto& [kind, count] : unanswered) {
    errors += count;
  }
  for (const auto& [kind, count] : wrong_answers) {
    errors += count;
  }
  return errors;
}

std::string WhyInvalid(const RunCounts& counts) {
  if (counts.planned == 0) {
    return "nothing was planned: the rate was 0";
  }
  if (counts.completed == 0) {
    return "no request was answered";
  }
  const int64_t lag = counts.send_lag.ValueAtQuantile(0.5);
  const int64_t median = counts.latency.ValueAtQuantile(0.5);
  if (lag > kLagAlwaysFine && static_cast<double>(lag) > kLagShareMax * static_cast<double>(median)) {
    return fmt::format(
        "the sender itself was late: by {} us in the median, over {:.0f} % of the median latency of "
        "{} us; ask for a lower rate or give it more threads",
        lag, 100 * kLagShareMax, median);
  }
  return "";
}

}  // namespace shadowd::load
