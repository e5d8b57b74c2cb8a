#include "daemon/io/load_pool.h"

namespace shadowd::io {

void LoadRecorder::OnAnswer(const load::WireRequest& request, Micros latency, int status, const char* wrong,
                            uint64_t bytes) {
  ++counts_.completed;
  ++counts_.statuses[status / 100];
  counts_.bytes_sent += request.bytes.size();
  counts_.bytes_received += bytes;
  counts_.latency.Record(latency.count());
  if (wrong != nullptr) {
    ++counts_.wrong_answers[wrong];
  }
  if (counts_.routes.size() > 1) {
    load::RouteCounts& route = counts_.routes[request.route];
    ++route.completed;
    route.errors += wrong != nullptr ? 1 : 0;
    route.latency.Record(latency.count());
  }
}

void LoadRecorder::OnFailure(const load::WireRequest& request, const char* trouble) {
  ++counts_.unanswered[trouble];
  if (counts_.routes.size() > 1) {
    ++counts_.routes[request.route].errors;
  }
}

}  // namespace shadowd::io
