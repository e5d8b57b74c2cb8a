#include "daemon/rpc/resource_table.h"

#include <algorithm>
#include <utility>

namespace shadowd::daemon {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// The run of digits that starts at `at`, without leading zeros; moves `at` behind it.
std::string_view TakeNumber(std::string_view text, size_t* at) {
  while (*at + 1 < text.size() && text[*at] == '0' && IsDigit(text[*at + 1])) {
    ++*at;
  }
  const size_t begin = *at;
  while (*at < text.size() && IsDigit(text[*at])) {
    ++*at;
  }
  return text.substr(begin, *at - begin);
}

bool Below(const std::string& name, const std::string& prefix) {
  return name.compare(0, prefix.size(), prefix) == 0;
}

std::vector<std::string> Split(const std::string& name) {
  std::vector<std::string> segments;
  size_t begin = 0;
  while (begin <= name.size()) {
    const size_t end = std::min(name.find('/', begin), name.size());
    segments.push_back(name.substr(begin, end - begin));
    begin = end + 1;
  }
  return segments;
}

}  // namespace

ParentFilter::ParentFilter(const std::string& parent) {
  if (parent.empty()) {
    return;
  }
  segments_ = Split(parent);
  for (const std::string& segment : segments_) {
    if (segment == "-") {
      break;
    }
    prefix_ += segment + "/";
  }
}

bool ParentFilter::Matches(const std::string& name) const {
  if (!Below(name, prefix_)) {
    return false;
  }
  size_t begin = 0;
  for (const std::string& segment : segments_) {
    const size_t end = name.find('/', begin);
    if (end == std::string::npos || (segment != "-" && name.compare(begin, end - begin, segment) != 0)) {
      return false;
    }
    begin = end + 1;
  }
  return true;
}

bool NaturalLess::operator()(const std::string& a, const std::string& b) const {
  size_t i = 0;
  size_t j = 0;
  while (i < a.size() && j < b.size()) {
    if (IsDigit(a[i]) && IsDigit(b[j])) {
      const std::string_view left = TakeNumber(a, &i);
      const std::string_view right = TakeNumber(b, &j);
      if (left.size() != right.size()) {
        return left.size() < right.size();
      }
      if (left != right) {
        return left < right;
      }
    } else if (a[i] != b[j]) {
      return a[i] < b[j];
    } else {
      ++i;
      ++j;
    }
  }
  if (i < a.size() || j < b.size()) {
    return j < b.size();
  }
  return a < b;  // equal but for leading zeros
}

std::vector<std::string> ResourceTable::Put(int64_t revision, const std::string& name, Resource resource,
                                            Facts facts) {
  const auto found = entries_.find(name);
  const bool was_ended = found != entries_.end() && found->second.facts.ended;
  if (found != entries_.end()) {
    Count(found->second.facts, -1);
  }
  Count(facts, 1);
  Record({revision, false, name, resource});
  const bool newly_ended = facts.ended && !was_ended;
  const std::string service = facts.service;
  entries_.insert_or_assign(name, Entry{std::move(resource), std::move(facts)});
  if (!newly_ended) {
    return {};
  }
  ended_[service].push_back(name);
  return Retain(revision, service);
}

std::vector<std::string> ResourceTable::Retain(int64_t revision, const std::string& service) {
  std::vector<std::string> removed;
  std::deque<std::string>& names = ended_[service];
  while (names.size() > options_.retained) {
    const std::string oldest = names.front();
    names.pop_front();
    if (const auto entry = entries_.find(oldest); entry != entries_.end()) {
      Erase(revision, entry);
      removed.push_back(oldest);
    }
  }
  return removed;
}

bool ResourceTable::Remove(int64_t revision, const std::string& name) {
  const auto entry = entries_.find(name);
  if (entry == entries_.end()) {
    return false;
  }
  if (entry->second.facts.ended) {
    std::erase(ended_[entry->second.facts.service], name);
  }
  Erase(revision, entry);
  return true;
}

void ResourceTable::RemoveBelow(int64_t revision, const std::string& service) {
  const std::string prefix = service + "/";
  auto entry = entries_.lower_bound(prefix);
  while (entry != entries_.end() && Below(entry->first, prefix)) {
    Erase(revision, entry++);
  }
  ended_.erase(service);
  live_.erase(service);
}

void ResourceTable::Erase(int64_t revision, Entries::iterator entry) {
  Count(entry->second.facts, -1);
  Record({revision, true, entry->first, std::move(entry->second.resource)});
  entries_.erase(entry);
}

Resource ResourceTable::Get(const std::string& name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : found->second.resource;
}

std::vector<Resource> ResourceTable::List(const ParentFilter& filter, ListOrder order,
                                          const std::string& after, size_t max) const {
  const std::string& prefix = filter.prefix();
  const bool has_after = !after.empty() && Below(after, prefix);
  std::vector<Resource> page;
  const auto take = [&](const Entries::value_type& entry) {
    if (filter.Matches(entry.first)) {
      page.push_back(entry.second.resource);
    }
  };
  if (order == ListOrder::kByName) {
    auto entry = has_after ? entries_.upper_bound(after) : entries_.lower_bound(prefix);
    for (; entry != entries_.end() && page.size() < max && Below(entry->first, prefix); ++entry) {
      take(*entry);
    }
    return page;
  }
  auto entry = entries_.end();
  if (has_after) {
    entry = entries_.lower_bound(after);
  } else if (!prefix.empty()) {
    entry =
        entries_.lower_bound(prefix + '\x7f');  // behind every name of the prefix: names are printable ASCII
  }
  while (entry != entries_.begin() && page.size() < max) {
    --entry;
    if (!Below(entry->first, prefix)) {
      break;
    }
    take(*entry);
  }
  return page;
}

int64_t ResourceTable::live(const std::string& service) const {
  const auto found = live_.find(service);
  return found == live_.end() ? 0 : found->second;
}

StatusOr<std::vector<ResourceChange>> ResourceTable::ChangesSince(int64_t since, int64_t latest,
                                                                  const ParentFilter& filter, size_t max,
                                                                  int64_t* cursor) const {
  if (since < floor_ || since > latest) {
    return WithReason(
        OutOfRange("revision {} is not in the history (it holds {} to {}): list again and watch from there",
                   since, floor_, latest),
        "REVISION_COMPACTED");
  }
  *cursor = since;
  auto change =
      std::upper_bound(history_.begin(), history_.end(), since,
                       [](int64_t revision, const ResourceChange& c) { return revision < c.revision; });
  std::vector<ResourceChange> changes;
  for (; change != history_.end(); ++change) {
    // The changes of one revision stay together, so that a watcher never resumes in the middle of them.
    if (changes.size() >= max && change->revision != *cursor) {
      return changes;
    }
    *cursor = change->revision;
    if (filter.Matches(change->name)) {
      changes.push_back(*change);
    }
  }
  *cursor = latest;
  return changes;
}

void ResourceTable::Compact(int64_t floor) {
  history_.clear();
  floor_ = floor;
}

void ResourceTable::Record(ResourceChange change) {
  history_.push_back(std::move(change));
  // Whole revisions leave, never a part of one.
  while (history_.size() > options_.history && history_.front().revision != history_.back().revision) {
    floor_ = history_.front().revision;
    while (history_.front().revision == floor_) {
      history_.pop_front();
    }
  }
}

void ResourceTable::Count(const Facts& facts, int64_t by) {
  if (!facts.ended) {
    live_total_ += by;
    if (!facts.service.empty()) {
      live_[facts.service] += by;
    }
  }
  if (facts.state.empty()) {
    return;
  }
  const auto entry = tally_.try_emplace(facts.state, 0).first;
  entry->second += by;
  if (entry->second == 0) {
    tally_.erase(entry);
  }
}

}  // namespace shadowd::daemon
