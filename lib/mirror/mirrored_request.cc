#include "mirror/mirrored_request.h"

#include <algorithm>

namespace shadowd::mirror {
namespace {

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool EqualsIgnoreCase(std::string_view left, std::string_view right) {
  return left.size() == right.size() && std::equal(left.begin(), left.end(), right.begin(),
                                                   [](char a, char b) { return Lower(a) == Lower(b); });
}

std::string_view TrimSpace(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool ListHas(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const size_t comma = list.find(',');
    if (EqualsIgnoreCase(TrimSpace(list.substr(0, comma)), token)) {
      return true;
    }
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return false;
}

const HeaderField* MirroredRequest::Find(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(), [name](const HeaderField& field) {
    return EqualsIgnoreCase(field.name, name);
  });
  return found == headers.end() ? nullptr : &*found;
}

}  // namespace shadowd::mirror
