#include "names.h"

#include <array>
#include <utility>

namespace shadowd::ctl {
namespace {

constexpr std::array<std::pair<Noun, const char*>, 8> kPlurals{{{Noun::kService, "services"},
                                                                {Noun::kInstance, "instances"},
                                                                {Noun::kForecast, "forecasts"},
                                                                {Noun::kTrial, "trials"},
                                                                {Noun::kShadow, "shadows"},
                                                                {Noun::kDecision, "decisions"},
                                                                {Noun::kModel, "models"},
                                                                {Noun::kCost, "costs"}}};

// The part of a made id before "-t12": "" when the id is not made like that.
std::string Stem(const std::string& id, char letter) {
  const size_t digits = id.find_last_not_of("0123456789");
  if (digits == std::string::npos || digits + 1 == id.size() || digits < 2 || id[digits] != letter ||
      id[digits - 1] != '-') {
    return {};
  }
  return id.substr(0, digits - 1);
}

Status CannotTell(const std::string& name) {
  return WithField(InvalidArgument("cannot tell the service of '{}': give --service, or the full name", name),
                   "name");
}

}  // namespace

StatusOr<Noun> NounOf(const std::string& word) {
  for (const auto& [noun, plural] : kPlurals) {
    const std::string text = plural;
    if (word == text || word == text.substr(0, text.size() - 1)) {
      return noun;
    }
  }
  return InvalidArgument(
      "'{}' is none of services, instances, forecasts, trials, shadows, decisions, models, costs", word);
}

const char* PluralOf(Noun noun) {
  return kPlurals[static_cast<size_t>(noun)].second;
}

StatusOr<std::string> FullName(Noun noun, const std::string& name, const std::string& service) {
  if (name.rfind("services/", 0) == 0) {
    return name;
  }
  if (noun == Noun::kService || noun == Noun::kForecast) {
    return "services/" + name + (noun == Noun::kForecast ? "/forecast" : "");
  }
  if (noun == Noun::kModel) {
    const size_t slash = name.find('/');
    const std::string owner = slash == std::string::npos ? service : name.substr(0, slash);
    return owner.empty()
               ? StatusOr<std::string>(CannotTell(name))
               : "services/" + owner + "/models/" + name.substr(slash == std::string::npos ? 0 : slash + 1);
  }
  if (noun == Noun::kShadow) {  // web-t12-a0-s0
    const std::string trial = Stem(Stem(name, 's'), 'a');
    const std::string owner = service.empty() ? Stem(trial, 't') : service;
    return trial.empty() || owner.empty()
               ? StatusOr<std::string>(CannotTell(name))
               : fmt::format("services/{}/trials/{}/shadows/{}", owner, trial, name);
  }
  const char letter = noun == Noun::kTrial ? 't' : noun == Noun::kInstance ? 'i' : 'd';
  const std::string owner = service.empty() ? Stem(name, letter) : service;
  return owner.empty() ? StatusOr<std::string>(CannotTell(name))
                       : fmt::format("services/{}/{}/{}", owner, PluralOf(noun), name);
}

std::string ParentName(Noun noun, const std::string& service) {
  std::string parent =
      service.rfind("services/", 0) == 0 ? service : "services/" + (service.empty() ? "-" : service);
  return noun == Noun::kShadow ? parent + "/trials/-" : parent;
}

std::string LastSegment(const std::string& name) {
  return name.substr(name.rfind('/') + 1);
}

std::string ServiceOf(const std::string& name) {
  const size_t begin = name.find('/') + 1;
  return name.substr(begin, name.find('/', begin) - begin);
}

}  // namespace shadowd::ctl
