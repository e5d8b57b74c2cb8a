// A layer between SQLite and the disk that fails on demand: writes as on a full disk, syncs as on a broken
// one. While one exists it is SQLite's default; connections opened through it must be closed before it goes.
#pragma once

namespace shadowd::store {

class FaultVfs {
 public:
  FaultVfs();
  ~FaultVfs();
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;

  // For files whose name contains `part` ("state.db"). Negative: never. From any thread.
  void FailWritesAfter(int writes, const char* part);
  void FailSyncsAfter(int syncs, const char* part);
  void Heal();
  int syncs() const;  // that succeeded
};

}  // namespace shadowd::store
