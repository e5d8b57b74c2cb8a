#include <condition_variable>
#include <mutex>
#include <utility>

#include "noun_of.h"
#include "rpc/status_convert.h"
#include "transport.h"

namespace shadowd::client {
namespace {

template <typename T>
typename Change<T>::Kind KindOf(v1::WatchEvent::Type type) {
  switch (type) {
    case v1::WatchEvent::SNAPSHOT:
      return Change<T>::Kind::kSnapshot;
    case v1::WatchEvent::SNAPSHOT_END:
      return Change<T>::Kind::kSnapshotEnd;
    case v1::WatchEvent::DELETED:
      return Change<T>::Kind::kDeleted;
    default:
      return Change<T>::Kind::kChanged;
  }
}

// Sleeps, unless `stop` is asked for before or meanwhile.
void Pause(std::chrono::milliseconds length, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, length, [] { return false; });
}

enum class End { kEnough, kBroken };

// One connection's life. `revision` moves with what was seen, `events` counts it.
template <typename T>
std::pair<End, Status> WatchOnce(Transport& transport, const std::string& parent, int64_t* revision,
                                 int64_t* events, const std::function<bool(const Change<T>&)>& on_change,
                                 const std::stop_token& stop) {
  typename NounOf<T>::Stub stub(transport.channel());
  typename NounOf<T>::WatchRequest request;
  if constexpr (requires { request.parent(); }) {
    request.set_parent(parent);
  }
  request.set_resume_revision(*revision);
  grpc::ClientContext context;
  const std::stop_callback cancel(stop, [&context] { context.TryCancel(); });
  const auto reader = NounOf<T>::Watch(stub, &context, request);
  typename NounOf<T>::WatchResponse response;
  while (reader->Read(&response)) {
    ++*events;
    Change<T> change{KindOf<T>(response.type()), {}, response.revision()};
    change.resource = std::move(NounOf<T>::Item(response));
    if (change.revision != 0) {
      *revision = change.revision;
    }
    if (!on_change(change)) {
      context.TryCancel();
      reader->Finish();
      return {End::kEnough, absl::OkStatus()};
    }
  }
  return {End::kBroken, rpc::FromGrpc(reader->Finish())};
}

}  // namespace

template <typename T>
absl::Status Client::Watch(const std::string& parent, const WatchOptions& options,
                           const std::function<bool(const Change<T>&)>& on_change, std::stop_token stop) {
  int64_t revision = options.resume_revision;
  int64_t events = 0;
  for (int failures = 0;;) {
    const int64_t before = events;
    const auto [end, status] = WatchOnce<T>(*transport_, parent, &revision, &events, on_change, stop);
    if (end == End::kEnough) {
      return status;
    }
    if (stop.stop_requested()) {
      return absl::CancelledError("the watch was stopped");
    }
    failures = events > before ? 1 : failures + 1;
    if (absl::IsOutOfRange(status) && revision != 0) {
      revision = 0;  // what was missed is no longer kept: begin with a snapshot
    } else if (!Transport::MayRepeat(status)) {
      return status;
    }
    if (failures >= options.attempts) {
      return status;
    }
    Pause(Transport::PauseBefore(failures), stop);
    if (stop.stop_requested()) {
      return absl::CancelledError("the watch was stopped");
    }
  }
}

template absl::Status Client::Watch(const std::string&, const WatchOptions&,
                                    const std::function<bool(const Change<v1::Service>&)>&, std::stop_token);
template absl::Status Client::Watch(const std::string&, const WatchOptions&,
                                    const std::function<bool(const Change<v1::Instance>&)>&, std::stop_token);
template absl::Status Client::Watch(const std::string&, const WatchOptions&,
                                    const std::function<bool(const Change<v1::Forecast>&)>&, std::stop_token);
template absl::Status Client::Watch(const std::string&, const WatchOptions&,
                                    const std::function<bool(const Change<v1::Trial>&)>&, std::stop_token);
template absl::Status Client::Watch(const std::string&, const WatchOptions&,
                                    const std::function<bool(const Change<v1::Shadow>&)>&, std::stop_token);
template absl::Status Client::Watch(const std::string&, const WatchOptions&,
                                    const std::function<bool(const Change<v1::Decision>&)>&, std::stop_token);
template absl::Status Client::Watch(const std::string&, const WatchOptions&,
                                    const std::function<bool(const Change<v1::Model>&)>&, std::stop_token);
template absl::Status Client::Watch(const std::string&, const WatchOptions&,
                                    const std::function<bool(const Change<v1::Cost>&)>&, std::stop_token);

}  // namespace shadowd::client
