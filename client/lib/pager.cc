#include <algorithm>
#include <utility>

#include "noun_of.h"
#include "transport.h"

namespace shadowd::client {

template <typename T>
Pager<T>::Pager(std::shared_ptr<Transport> transport, std::string parent, int page_size)
    : transport_(std::move(transport)), parent_(std::move(parent)), page_size_(page_size) {}

template <typename T>
absl::StatusOr<std::optional<T>> Pager<T>::Next() {
  while (page_.empty() && !last_) {
    typename NounOf<T>::ListRequest request;
    if constexpr (requires { request.parent(); }) {
      request.set_parent(parent_);
    }
    request.set_page_size(page_size_);
    request.set_page_token(token_);
    SHADOWD_ASSIGN_OR_RETURN(auto response, transport_->Call(NounOf<T>::kList, request));
    auto& items = NounOf<T>::Items(response);
    page_.assign(std::make_move_iterator(items.rbegin()), std::make_move_iterator(items.rend()));
    token_ = response.next_page_token();
    last_ = token_.empty();
  }
  if (page_.empty()) {
    return std::optional<T>();
  }
  std::optional<T> next = std::move(page_.back());
  page_.pop_back();
  return next;
}

template class Pager<v1::Service>;
template class Pager<v1::Instance>;
template class Pager<v1::Forecast>;
template class Pager<v1::Trial>;
template class Pager<v1::Shadow>;
template class Pager<v1::Decision>;
template class Pager<v1::Model>;
template class Pager<v1::Cost>;

}  // namespace shadowd::client
