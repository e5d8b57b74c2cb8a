#include "daemon/rpc/decision_wait.h"

#include <utility>

#include "daemon/rpc/read_calls.h"
#include "rpc/convert_basic.h"

namespace shadowd::daemon {
namespace {

class DecisionWait : public OpenCall, public std::enable_shared_from_this<DecisionWait> {
 public:
  using Call = std::shared_ptr<TypedCall<v1::Decision>>;

  DecisionWait(Call call, std::string name, std::optional<v1::Decision> known)
      : call_(std::move(call)), edge_(call_->edge()), name_(std::move(name)), known_(std::move(known)) {}

  void Start(Micros timeout) {
    if (const Status status = edge_.open_calls.Add(shared_from_this()); !status.ok()) {
      return call_->Answer(status);
    }
    alarm_.Set(std::chrono::system_clock::now() + timeout, [self = shared_from_this()](bool fired) {
      if (fired) {
        self->Look(true);
      }
    });
    Look(false);
  }

  void Drain() override {
    call_->Answer(DrainingStatus());
    Look(true);
  }

 private:
  void Look(bool last) {
    edge_.dispatcher.Read(
        [self = shared_from_this(), last](Catalogue& catalogue) { self->Check(catalogue, last); });
  }

  void Check(Catalogue& catalogue, bool last) {
    if (ended_) {
      return;
    }
    StatusOr<v1::Decision> decision = Find<v1::Decision>(catalogue, Noun::kDecision, name_);
    if (!decision.ok() && known_.has_value()) {
      decision = *known_;
    }
    if (!last && !call_->answered() && decision.ok() && decision->kind() == v1::Decision::PROVISIONAL) {
      if (watch_ == 0) {
        watch_ = catalogue.Watch(Noun::kDecision, [weak = weak_from_this()] {
          if (const auto self = weak.lock()) {
            self->Look(false);
          }
        });
      }
      return;
    }
    ended_ = true;
    catalogue.Unwatch(watch_);
    edge_.open_calls.Remove(this);
    alarm_.Cancel();
    call_->Answer(decision);
  }

  const Call call_;
  Edge& edge_;
  const std::string name_;
  const std::optional<v1::Decision> known_;
  grpc::Alarm alarm_;  // holds this alive until the wait is over
  // Loop thread only.
  Catalogue::WatchId watch_ = 0;
  bool ended_ = false;
};

}  // namespace

void WaitForDecision(std::shared_ptr<TypedCall<v1::Decision>> call, const std::string& name, Micros timeout,
                     std::optional<v1::Decision> known) {
  std::make_shared<DecisionWait>(std::move(call), name, std::move(known))->Start(timeout);
}

StatusOr<Micros> WaitOf(bool present, const google::protobuf::Duration& wait) {
  if (!present) {
    return Micros(0);
  }
  const auto length = rpc::FromProto(wait);
  if (!length.ok()) {
    return WithField(length.status(), "wait_timeout");
  }
  if (*length < Micros(0) || *length > kWaitMax) {
    return WithReason(WithField(InvalidArgument("wait_timeout: {} s is outside 0..{} s", ToSeconds(*length),
                                                ToSeconds(kWaitMax)),
                                "wait_timeout"),
                      "OUT_OF_BOUNDS");
  }
  return *length;
}

}  // namespace shadowd::daemon
