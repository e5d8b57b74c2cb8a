// All resources of one noun as immutable messages in the order of their names, and the last changes to them.
// Names order as people count: ".../web-t9" comes before ".../web-t10". Not thread-safe: it belongs to the
// catalogue, that is to the loop. Bounded: `history` changes are kept (older revisions are compacted: a
// watcher that asks for one must list anew), and of ended resources the newest `retained` per service.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace shadowd::daemon {

using Resource = std::shared_ptr<const google::protobuf::Message>;

struct ResourceChange {
  int64_t revision = 0;
  bool removed = false;
  std::string name;
  Resource resource;  // as it stands after the change, or stood before the removal
};

// Digit runs compare as numbers, everything else as bytes.
struct NaturalLess {
  using is_transparent = void;
  bool operator()(const std::string& a, const std::string& b) const;
};

// Which names are meant: those directly below a parent, in which "-" stands for any id ("services/-",
// "services/web/trials/-"); "" = all.
class ParentFilter {
 public:
  explicit ParentFilter(const std::string& parent);
  bool Matches(const std::string& name) const;
  const std::string& prefix() const { return prefix_; }  // every name that matches begins with it

 private:
  std::vector<std::string> segments_;
  std::string prefix_;
};

enum class ListOrder { kByName, kNewestFirst };

class ResourceTable {
 public:
  struct Options {
    size_t history = 4096;
    size_t retained = 1000;
  };
  struct Facts {          // what the table needs to know about a message
    std::string service;  // "services/web", for retention and counts; "" for the services themselves
    std::string state;    // for the tally; "" when the noun has no state
    bool ended = false;   // subject to retention
  };

  explicit ResourceTable(Options options) : options_(options) {}

  // Adds or replaces. `revision` is larger than every earlier one. Returns names that retention removed,
  // already gone.
  std::vector<std::string> Put(int64_t revision, const std::string& name, Resource resource, Facts facts);
  bool Remove(int64_t revision, const std::string& name);
  // Removes everything of a service.
  void RemoveBelow(int64_t revision, const std::string& service);

  Resource Get(const std::string& name) const;  // null when there is none
  // Up to `max` resources of the filter that come after the name `after` in this order.
  std::vector<Resource> List(const ParentFilter& filter, ListOrder order, const std::string& after,
                             size_t max) const;

  // Up to `max` changes after `since`, oldest first; `cursor` becomes the revision up to which the history
  // was looked at. OUT_OF_RANGE (REVISION_COMPACTED) when `since` is older than the history or lies in the
  // future of `latest`.
  StatusOr<std::vector<ResourceChange>> ChangesSince(int64_t since, int64_t latest,
                                                     const ParentFilter& filter, size_t max,
                                                     int64_t* cursor) const;

  // Forgets the history: what happened up to `floor` can no longer be asked for.
  void Compact(int64_t floor);

  int64_t floor() const { return floor_; }
  size_t size() const { return entries_.size(); }
  // How many of the service have not ended.
  int64_t live(const std::string& service) const;
  int64_t live_total() const { return live_total_; }
  const std::map<std::string, int64_t>& tally() const { return tally_; }  // by state

 private:
  struct Entry {
    Resource resource;
    Facts facts;
  };
  using Entries = std::map<std::string, Entry, NaturalLess>;

  void Erase(int64_t revision, Entries::iterator entry);
  void Record(ResourceChange change);
  void Count(const Facts& facts, int64_t by);
  std::vector<std::string> Retain(int64_t revision, const std::string& service);

  Options options_;
  Entries entries_;
  std::deque<ResourceChange> history_;
  int64_t floor_ = 0;  // changes up to here are not in the history
  std::map<std::string, int64_t> tally_;
  std::map<std::string, std::deque<std::string>> ended_;  // by service, oldest first
  int64_t live_total_ = 0;
  std::map<std::string, int64_t> live_;  // by service
};

}  // namespace shadowd::daemon
