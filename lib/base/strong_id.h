// Ids that do not mix: ServiceId and TrialId are both strings, and passing one for the other does not
// compile.
#pragma once

#include <fmt/format.h>

#include <compare>
#include <string>
#include <utility>

namespace shadowd {

template <typename Tag>
class StrongId {
 public:
  StrongId() = default;
  explicit StrongId(std::string value) : value_(std::move(value)) {}

  const std::string& str() const { return value_; }
  bool empty() const { return value_.empty(); }
  auto operator<=>(const StrongId&) const = default;

 private:
  std::string value_;
};

}  // namespace shadowd

template <typename Tag>
struct fmt::formatter<shadowd::StrongId<Tag>> : fmt::formatter<std::string> {
  template <typename Context>
  auto format(const shadowd::StrongId<Tag>& id, Context& context) const {
    return fmt::formatter<std::string>::format(id.str(), context);
  }
};
