// Copies of real requests from one source to the places that are named, and nowhere else: a tap on an
// interface, a receiver of VXLAN, or a capture file (with its own spacing). What comes back is read, measured
// and thrown away. The source is never written to. One thread, the caller's.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/status.h"
#include "daemon/io/load_pool.h"
#include "load/run_counts.h"
#include "mirror/completeness.h"
#include "mirror/policy.h"

namespace shadowd::io {

struct MirrorOptions {
  // Exactly one source.
  std::string interface;
  bool vxlan = false;
  uint16_t vxlan_port = 0;
  std::string capture;  // the file's bytes

  uint16_t port = 0;    // of the service; 0 = any (not of an interface)
  double share = 1;     // of requests, by the hash of their id
  double rate_max = 0;  // copies per second and place; 0 = no cap
  mirror::Policy policy;
  std::vector<LoadTarget> places;  // may be empty: look only
  Micros duration{0};              // 0 = until stopped; a file ends by itself
};

struct MirrorResult {
  mirror::Completeness counts;
  std::map<std::string, uint64_t> methods;  // of what was captured; at most 32 names, then "other"
  std::map<std::string, uint64_t> skipped;  // by rule: method, body, copy, unsafe
  uint64_t dropped_by_cap = 0;              // copies over rate_max
  uint64_t foreign = 0;                     // datagrams that were no VXLAN
  std::vector<load::RunCounts> places;      // what each of them answered
  double seconds = 0;
  double cpu_seconds = 0;
  Status damaged;  // of a file that ended too soon: what came before counts
};

// `watch` is called about once a second. Errors: no permission, no such interface, a taken port, no capture.
StatusOr<MirrorResult> RunMirror(const MirrorOptions& options, const std::atomic<bool>& stop,
                                 const std::function<void(const MirrorResult&)>& watch);

}  // namespace shadowd::io
