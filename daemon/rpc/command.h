// The one way in which a mutating method reaches the core: the event carries the caller for the audit, and
// the call is answered with the resource that the core answers with.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "daemon/rpc/unary_call.h"

namespace shadowd::daemon {

// "min" at fault inside "bounds" is "bounds.min".
inline Status InField(const Status& status, const std::string& field) {
  if (status.ok()) {
    return status;
  }
  const std::string inner = FieldOf(status);
  return WithField(Annotate(status, field), inner.empty() ? field : field + "." + inner);
}

// `use(call, model)` answers the call.
template <typename Model, typename Response, typename Use>
void PostThen(std::shared_ptr<TypedCall<Response>> call, const model::ServiceId& service,
              ports::Payload payload, Use use) {
  ports::Event event;
  event.service = service;
  event.payload = std::move(payload);
  event.actor = call->actor();
  call->edge().dispatcher.Post(std::move(event), [call, use](StatusOr<ports::ReplyValue> reply) {
    if (!reply.ok()) {
      return call->Answer(reply.status());
    }
    if (const Model* model = std::get_if<Model>(&*reply)) {
      return use(call, *model);
    }
    call->Answer(Internal("{}: the core answered with another kind of resource", call->method()));
  });
}

}  // namespace shadowd::daemon
