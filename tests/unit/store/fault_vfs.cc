#include "unit/store/fault_vfs.h"

#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <new>

namespace shadowd::store {
namespace {

struct Faults {
  std::atomic<int> writes_left{-1};
  std::atomic<int> syncs_left{-1};
  std::atomic<const char*> write_part{""};
  std::atomic<const char*> sync_part{""};
  std::atomic<int> syncs_done{0};
};
Faults faults;
sqlite3_vfs* real_vfs = nullptr;

struct File {
  sqlite3_file base;
  const char* name;
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};
File* Self(sqlite3_file* file) {
  return reinterpret_cast<File*>(file);
}
sqlite3_file* Real(sqlite3_file* file) {
  return Self(file)->real();
}

bool Fails(std::atomic<int>& left, const char* part, sqlite3_file* file) {
  const char* name = Self(file)->name;
  if (left < 0 || name == nullptr || std::strstr(name, part) == nullptr) {
    return false;
  }
  if (left == 0) {
    return true;
  }
  --left;
  return false;
}

int Write(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
  if (Fails(faults.writes_left, faults.write_part, file)) {
    // A full disk takes a part of what it is given.
    (void)Real(file)->pMethods->xWrite(Real(file), data, size / 2, at);
    return SQLITE_FULL;
  }
  return Real(file)->pMethods->xWrite(Real(file), data, size, at);
}
int Sync(sqlite3_file* file, int flags) {
  if (Fails(faults.syncs_left, faults.sync_part, file)) {
    return SQLITE_IOERR_FSYNC;
  }
  ++faults.syncs_done;
  return Real(file)->pMethods->xSync(Real(file), flags);
}

const sqlite3_io_methods kMethods = {
    .iVersion = 2,
    .xClose =
        [](sqlite3_file* f) {
          return Real(f)->pMethods != nullptr ? Real(f)->pMethods->xClose(Real(f)) : SQLITE_OK;
        },
    .xRead = [](sqlite3_file* f, void* p, int n,
                sqlite3_int64 at) { return Real(f)->pMethods->xRead(Real(f), p, n, at); },
    .xWrite = Write,
    .xTruncate = [](sqlite3_file* f, sqlite3_int64 n) { return Real(f)->pMethods->xTruncate(Real(f), n); },
    .xSync = Sync,
    .xFileSize = [](sqlite3_file* f, sqlite3_int64* n) { return Real(f)->pMethods->xFileSize(Real(f), n); },
    .xLock = [](sqlite3_file* f, int lock) { return Real(f)->pMethods->xLock(Real(f), lock); },
    .xUnlock = [](sqlite3_file* f, int lock) { return Real(f)->pMethods->xUnlock(Real(f), lock); },
    .xCheckReservedLock = [](sqlite3_file* f,
                             int* out) { return Real(f)->pMethods->xCheckReservedLock(Real(f), out); },
    .xFileControl = [](sqlite3_file* f, int op,
                       void* arg) { return Real(f)->pMethods->xFileControl(Real(f), op, arg); },
    .xSectorSize = [](sqlite3_file* f) { return Real(f)->pMethods->xSectorSize(Real(f)); },
    .xDeviceCharacteristics =
        [](sqlite3_file* f) { return Real(f)->pMethods->xDeviceCharacteristics(Real(f)); },
    .xShmMap =
        [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
          return Real(f)->pMethods->xShmMap(Real(f), page, size, extend, out);
        },
    .xShmLock = [](sqlite3_file* f, int at, int n,
                   int flags) { return Real(f)->pMethods->xShmLock(Real(f), at, n, flags); },
    .xShmBarrier = [](sqlite3_file* f) { Real(f)->pMethods->xShmBarrier(Real(f)); },
    .xShmUnmap = [](sqlite3_file* f, int remove) { return Real(f)->pMethods->xShmUnmap(Real(f), remove); },
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  File* self = Self(file);
  self->base.pMethods = nullptr;
  self->name = name;
  const int code = real_vfs->xOpen(real_vfs, name, self->real(), flags, out_flags);
  if (self->real()->pMethods != nullptr) {
    self->base.pMethods = &kMethods;
  }
  return code;
}

sqlite3_vfs shim;

}  // namespace

FaultVfs::FaultVfs() {
  real_vfs = sqlite3_vfs_find(nullptr);
  shim = *real_vfs;
  shim.zName = "shadowd-faults";
  shim.szOsFile = static_cast<int>(sizeof(File)) + real_vfs->szOsFile;
  shim.xOpen = Open;
  Heal();
  sqlite3_vfs_register(&shim, 1);
}
FaultVfs::~FaultVfs() {
  sqlite3_vfs_unregister(&shim);
  sqlite3_vfs_register(real_vfs, 1);
}
void FaultVfs::FailWritesAfter(int writes, const char* part) {
  faults.write_part = part;
  faults.writes_left = writes;
}
void FaultVfs::FailSyncsAfter(int syncs, const char* part) {
  faults.sync_part = part;
  faults.syncs_left = syncs;
}
void FaultVfs::Heal() {
  faults.writes_left = -1;
  faults.syncs_left = -1;
}
int FaultVfs::syncs() const {
  return faults.syncs_done;
}

}  // namespace shadowd::store
