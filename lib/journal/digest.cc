#include "journal/digest.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <concepts>
#include <cstring>
#include <string>
#include <type_traits>

#include "forecast/fit.h"
#include "journal/frame.h"
#include "rpc/convert_decision.h"
#include "rpc/convert_fitted.h"
#include "rpc/convert_forecast.h"
#include "rpc/convert_intent.h"
#include "rpc/convert_ledger.h"
#include "rpc/convert_model.h"
#include "rpc/convert_replica.h"
#include "rpc/convert_service.h"
#include "rpc/convert_trial.h"
#include "shadowd/v1/decisions.pb.h"
#include "shadowd/v1/forecasts.pb.h"
#include "shadowd/v1/models.pb.h"
#include "shadowd/v1/services.pb.h"
#include "shadowd/v1/shadows.pb.h"
#include "shadowd/v1/storage.pb.h"
#include "shadowd/v1/trials.pb.h"

namespace shadowd::journal {
namespace {

template <typename T>
concept Resource = requires(const T& resource) {
  rpc::ToProto(resource).ByteSizeLong();
};

// Lays values out one behind the other. Texts, lists and messages are preceded by their length and variants
// by their index, so that no two values look alike. Plain structs are taken apart by structured bindings: a
// member that is added and forgotten here does not compile.
class Bytes {
 public:
  const std::string& str() const { return bytes_; }

  template <typename... Ts>
  void All(const Ts&... values) {
    (Add(values), ...);
  }

 private:
  template <typename T>
  requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  void Add(T value) {
    const size_t end = bytes_.size();
    bytes_.resize(end + sizeof value);
    std::memcpy(bytes_.data() + end, &value, sizeof value);
  }
  void Add(const std::string& text) {
    Add(text.size());
    bytes_ += text;
  }
  template <typename Tag>
  void Add(const StrongId<Tag>& id) {
    Add(id.str());
  }
  void Add(Micros length) { Add(length.count()); }
  void Add(MonoTime at) { Add(at.time_since_epoch()); }
  void Add(WallTime at) { Add(at.time_since_epoch()); }
  template <typename T>
  void Add(const std::vector<T>& items) {
    Add(items.size());
    for (const T& item : items) {
      Add(item);
    }
  }
  template <typename... Ts>
  void Add(const std::variant<Ts...>& value) {
    Add(value.index());
    std::visit([this](const auto& held) { Add(held); }, value);
  }
  void Add(const std::monostate&) {}
  void Add(const Status& status) {
    Add(static_cast<int>(status.code()));
    All(MessageOf(status), ReasonOf(status), FieldOf(status));
  }
  template <typename T>
  void Add(const StatusOr<T>& value) {
    Add(value.status());
    if (value.ok()) {
      Add(*value);
    }
  }

  // ---- What the API has a message for ----
  void AddMessage(const google::protobuf::MessageLite& message) {
    std::string text;
    google::protobuf::io::StringOutputStream stream(&text);
    google::protobuf::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);  // maps by their keys
    message.SerializeToCodedStream(&out);
    out.Trim();
    Add(text);
  }
  template <Resource T>
  void Add(const T& resource) {
    AddMessage(rpc::ToProto(resource));
  }
  void Add(const model::ServiceSpec& spec) {
    v1::Service message;
    rpc::ToProto(spec, &message);
    AddMessage(message);
  }
  // A part of a specification, in one that is otherwise empty.
  template <typename T>
  void AddPart(T model::ServiceSpec::*part, const T& value) {
    model::ServiceSpec spec;
    spec.*part = value;
    Add(spec);
  }
  void Add(const model::InstanceTemplate& part) { AddPart(&model::ServiceSpec::instance, part); }
  void Add(const model::HaproxySpec& part) { AddPart(&model::ServiceSpec::haproxy, part); }
  void Add(const model::MirrorSpec& part) { AddPart(&model::ServiceSpec::mirror, part); }
  void Add(const model::LoadSpec& part) { AddPart(&model::ServiceSpec::load, part); }
  void Add(const model::ShadowClass& part) {
    model::ShadowSpec shadows;
    shadows.shadow_class = part;
    AddPart(&model::ServiceSpec::shadows, shadows);
  }

  // ---- Changes that are no resource ----
  void Add(const ports::ServiceRemoved& removed) {
    const auto& [id] = removed;
    All(id);
  }
  void Add(const ports::DemandRecorded& demand) {
    const auto& [at, rps] = demand;
    All(at, rps);
  }
  void Add(const ports::FrozenSet& set) {
    const auto& [frozen, reason] = set;
    All(frozen, reason);
  }
  void Add(const ports::SequenceSet& set) {
    const auto& [next] = set;
    All(next);
  }

  // ---- Effects ----
  void Add(const ports::StartReplica& effect) {
    const auto& [key, replica, role, version, instance, shadow_class, lease, ttl] = effect;
    All(key, replica, role, version, instance, shadow_class, lease, ttl);
  }
  void Add(const ports::StopReplica& effect) {
    const auto& [key, replica, grace] = effect;
    All(key, replica, grace);
  }
  void Add(const ports::AddServer& effect) {
    const auto& [key, replica, address, haproxy] = effect;
    All(key, replica, address, haproxy);
  }
  void Add(const ports::DrainServer& effect) {
    const auto& [key, replica, haproxy, deadline] = effect;
    All(key, replica, haproxy, deadline);
  }
  void Add(const ports::RemoveServer& effect) {
    const auto& [key, replica, haproxy] = effect;
    All(key, replica, haproxy);
  }
  void Add(const ports::ObserveProduction& effect) {
    const auto& [spec, known_until] = effect;
    All(spec, known_until);
  }
  void Add(const ports::StopObserving&) {}
  void Add(const ports::ShadowFeed& feed) {
    const auto& [shadow, address, rate_rps, instances] = feed;
    All(shadow, address, rate_rps, instances);
  }
  void Add(const ports::SetTraffic& effect) {
    const auto& [feeds, mirror, load, balancing, production_rps, seed] = effect;
    All(feeds, mirror, load, balancing, production_rps, seed);
  }
  void Add(const ports::FitForecast& effect) {
    const auto& [input] = effect;
    const auto& [service, options, demand_rps, first_step, version, changed_step, kept] = *input;
    const auto& [step, seasons, horizon_steps, coverage] = options;
    All(service, step, seasons, horizon_steps, coverage, demand_rps, first_step, version);
    if (changed_step) {
      Add(*changed_step);
    }
    if (kept) {
      v1::FittedForecast message;
      rpc::ToProto(*kept, &message);
      AddMessage(message);
    }
  }
  void Add(const ports::ArmTimer& effect) {
    const auto& [at] = effect;
    All(at);
  }
  void Add(const ports::LogTransition& effect) {
    const auto& [line] = effect;
    All(line);
  }

  // ---- A fit ----
  void Add(const forecast::Harmonics& harmonics) {
    const auto& [season, count] = harmonics;
    All(season, count);
  }
  void Add(const forecast::Mean& mean) {
    const auto& [lag, width, stride, count] = mean;
    All(lag, width, stride, count);
  }
  void Add(const forecast::LinearModel& linear) {
    const auto& [lags, means, harmonics] = linear.features();
    All(lags, means, harmonics, linear.centre(), linear.weights(), linear.inverse());
  }
  void Add(const forecast::Smoothing& smoothing) {
    const auto& [level, season, fade] = smoothing.gains();
    All(level, season, fade, smoothing.level(), smoothing.left(), smoothing.seasons());
  }
  void Add(const forecast::Transform& transform) {
    const auto& [log, floor] = transform;
    All(log, floor);
  }
  void Add(const forecast::MemberWeights& weights) { All(weights.errors()); }
  void Add(const forecast::ErrorScale& scale) { All(scale.Numbers()); }
  void Add(const forecast::Margin& margin) {
    for (size_t i = 0; i < forecast::kErrorScales; ++i) {
      All(margin.coefficients()[i], margin.losses()[i]);
    }
  }
  void Add(const forecast::BlockMargins& margins) {
    const auto& [upper, lower] = margins;
    All(upper, lower);
  }
  void Add(const forecast::LimitsStart& limits) {
    const auto& [scale, blocks, peak] = limits;
    All(scale, blocks, peak);
  }
  void Add(const forecast::Origin& origin) {
    const auto& [at_step, sigma, path] = origin;
    All(at_step, sigma, path);
  }
  void Add(const forecast::Fit& fit) {
    const auto& [service, version, step, usable, reason, transform, seasons, linear, smoothing, weights,
                 sigma, limits, origins, mase, last_step] = fit;
    All(service, version, step, usable, reason, transform, seasons, linear, smoothing, weights, sigma, limits,
        origins, mase, last_step);
  }

  std::string bytes_;
};

template <typename... Parts>
uint32_t DigestOfParts(const Parts&... parts) {
  Bytes bytes;
  bytes.All(parts...);
  return Crc32(bytes.str());
}

static_assert(std::variant_size_v<ports::Change> < kErrorReply);
static_assert(std::variant_size_v<ports::Effect> < kErrorReply);
static_assert(std::variant_size_v<ports::ReplyValue> < kErrorReply);

uint32_t WithKind(size_t kind, uint32_t digest) {
  return (digest & ~((uint32_t{1} << kKindBits) - 1)) | static_cast<uint32_t>(kind);
}

}  // namespace

Digests DigestOf(const ports::Outcome& outcome) {
  Digests digests;
  for (const auto& [service, change] : outcome.mutations) {
    digests.mutations.push_back(WithKind(change.index(), DigestOfParts(service, change)));
  }
  for (const auto& [service, effect] : outcome.actions) {
    digests.actions.push_back(WithKind(effect.index(), DigestOfParts(service, effect)));
  }
  for (const auto& [token, value] : outcome.replies) {
    digests.replies.push_back(
        WithKind(value.ok() ? value->index() : kErrorReply, DigestOfParts(token, value)));
  }
  return digests;
}

uint32_t DigestOf(const forecast::Fit& fit) {
  return DigestOfParts(fit);
}

}  // namespace shadowd::journal
