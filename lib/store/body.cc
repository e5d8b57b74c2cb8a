#include "store/body.h"

#include "rpc/convert_decision.h"
#include "rpc/convert_intent.h"
#include "rpc/convert_ledger.h"
#include "rpc/convert_model.h"
#include "rpc/convert_replica.h"
#include "rpc/convert_service.h"
#include "rpc/convert_trial.h"

namespace shadowd::store {
namespace {

constexpr size_t kBodyBytesMax = 64 << 20;

template <typename T>
using ProtoOf = decltype(rpc::ToProto(std::declval<const T&>()));

}  // namespace

template <typename T>
StatusOr<std::string> Encode(const T& resource) {
  std::string body;
  if (!rpc::ToProto(resource).SerializeToString(&body) || body.size() > kBodyBytesMax) {
    return InvalidArgument("a resource of {} bytes does not fit a row", body.size());
  }
  if (const StatusOr<T> read_back = Decode<T>(body); !read_back.ok()) {
    return InvalidArgument("a resource could not be read back: {}", MessageOf(read_back.status()));
  }
  return body;
}

template <typename T>
StatusOr<T> Decode(std::string_view body) {
  ProtoOf<T> proto;
  if (!proto.ParseFromArray(body.data(), static_cast<int>(body.size()))) {
    return DataLoss("{} bytes are no {}, or hold text that is not UTF-8", body.size(), proto.GetTypeName());
  }
  return rpc::FromProto(proto);
}

template StatusOr<std::string> Encode(const model::Service&);
template StatusOr<std::string> Encode(const model::Instance&);
template StatusOr<std::string> Encode(const model::Shadow&);
template StatusOr<std::string> Encode(const model::Trial&);
template StatusOr<std::string> Encode(const model::Decision&);
template StatusOr<std::string> Encode(const model::ModelVersion&);
template StatusOr<std::string> Encode(const model::LedgerEntry&);
template StatusOr<std::string> Encode(const model::Intent&);

template StatusOr<model::Service> Decode(std::string_view);
template StatusOr<model::Instance> Decode(std::string_view);
template StatusOr<model::Shadow> Decode(std::string_view);
template StatusOr<model::Trial> Decode(std::string_view);
template StatusOr<model::Decision> Decode(std::string_view);
template StatusOr<model::ModelVersion> Decode(std::string_view);
template StatusOr<model::LedgerEntry> Decode(std::string_view);
template StatusOr<model::Intent> Decode(std::string_view);

}  // namespace shadowd::store
