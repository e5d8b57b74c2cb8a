// The Get and List methods of every noun, over the catalogue.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "daemon/rpc/catalogue.h"
#include "daemon/rpc/unary_call.h"
#include "rpc/page_token.h"

namespace shadowd::daemon {

inline Status NoSuch(Noun noun, const std::string& name) {
  return WithReason(NotFound("there is no {} {}", NounName(noun), name), "NOT_FOUND");
}

template <typename Message>
StatusOr<Message> Find(const Catalogue& catalogue, Noun noun, const std::string& name) {
  const Resource resource = catalogue.Get(noun, name);
  if (resource == nullptr) {
    return NoSuch(noun, name);
  }
  return static_cast<const Message&>(*resource);
}

// `parse` is the noun's name parser from rpc/resource_name.h.
template <typename Request, typename Message, typename Parse>
grpc::ServerUnaryReactor* ServeGet(Edge& edge, grpc::CallbackServerContext* context, const char* method,
                                   Noun noun, const Request* request, Message* response, Parse parse) {
  return Serve(edge, context, method, request, response, [noun, parse](auto call, auto checked) {
    if (const auto id = parse(checked->name()); !id.ok()) {
      return call->Answer(id.status());
    }
    call->edge().dispatcher.Read([call, noun, checked](Catalogue& catalogue) {
      call->Answer(Find<Message>(catalogue, noun, checked->name()));
    });
  });
}

struct ListQuery {
  Noun noun = Noun::kService;
  std::string parent;
};

template <typename Message, typename Request, typename Response>
void AnswerList(std::shared_ptr<TypedCall<Response>> call, const Request& request, const ListQuery& query,
                Message* (Response::*add)()) {
  const std::string fingerprint = std::string(NounName(query.noun)) + " " + query.parent;
  const auto size = rpc::PageSize(request.page_size());
  const auto after = rpc::DecodePageToken(request.page_token(), fingerprint);
  if (!size.ok() || !after.ok()) {
    return call->Answer(!size.ok() ? size.status() : after.status());
  }
  call->edge().dispatcher.Read([=](Catalogue& catalogue) {
    // One more than asked for tells whether there is another page.
    auto page = catalogue.List(query.noun, ParentFilter(query.parent), *after, *size + 1);
    Response response;
    for (size_t i = 0; i < page.size() && i < *size; ++i) {
      *(response.*add)() = static_cast<const Message&>(*page[i]);
    }
    if (page.size() > *size) {
      const auto& last = static_cast<const Message&>(*page[*size - 1]);
      response.set_next_page_token(rpc::EncodePageToken(last.name(), fingerprint));
    }
    call->Answer(std::move(response));
  });
}

// Of a noun that lives below a parent.
template <typename Message, typename Request, typename Response, typename Parse>
grpc::ServerUnaryReactor* ServeList(Edge& edge, grpc::CallbackServerContext* context, const char* method,
                                    Noun noun, const Request* request, Response* response, Parse parse,
                                    Message* (Response::*add)()) {
  return Serve(edge, context, method, request, response, [noun, parse, add](auto call, auto checked) {
    if (const auto id = parse(checked->parent()); !id.ok()) {
      return call->Answer(id.status());
    }
    AnswerList<Message>(call, *checked, {noun, checked->parent()}, add);
  });
}

}  // namespace shadowd::daemon
