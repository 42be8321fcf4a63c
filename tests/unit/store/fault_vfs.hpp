#pragma once

#include <sqlite3.h>

#include <atomic>
#include <new>
#include <string>
#include <string_view>

namespace postern::store {

// The usual file layer of SQLite with faults at will: a disk that is full, one that cannot be written through.
class FaultVfs {
 public:
  FaultVfs() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
    static std::atomic<int> count = 0;
    name_ = "fault-" + std::to_string(++count);
    vfs_.zName = name_.c_str();
    vfs_.pAppData = this;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.xOpen = &FaultVfs::open;
    sqlite3_vfs_register(&vfs_, 0);
  }
  FaultVfs(const FaultVfs&) = delete;
  FaultVfs& operator=(const FaultVfs&) = delete;
  ~FaultVfs() { sqlite3_vfs_unregister(&vfs_); }

  const std::string& name() const { return name_; }

  std::atomic<bool> full = false;              // writes fail as on a full disk
  std::atomic<bool> sync_fails = false;        // fsync fails
  std::atomic<bool> store_sync_fails = false;  // the same, except of files that only become a store when they are whole
  std::atomic<bool> reads_fail = false;
  std::atomic<int> log_syncs = 0;  // of the write-ahead log

 private:
  struct File {
    sqlite3_file base;
    FaultVfs* owner;
    bool is_log;
    bool is_of_store;
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };
  static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
  static sqlite3_file* real(sqlite3_file* file) { return of(file).real(); }
  static const sqlite3_io_methods* methods(sqlite3_file* file) { return real(file)->pMethods; }

  // NAME.db, NAME.db-wal and the like; not NAME.db.DRAFT.
  static bool is_of_store(const char* path) {
    const std::string_view name = path != nullptr ? path : "";
    const auto end = name.rfind(".db");
    return end != std::string_view::npos && (end + 3 == name.size() || name[end + 3] == '-');
  }

  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out) {
    auto* self = static_cast<FaultVfs*>(vfs->pAppData);
    File* made = new (file) File{{nullptr}, self, (flags & SQLITE_OPEN_WAL) != 0, is_of_store(path)};
    const int code = self->real_->xOpen(self->real_, path, made->real(), flags, out);
    if (made->real()->pMethods != nullptr) made->base.pMethods = &kMethods;
    return code;
  }
  static int read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
    return of(f).owner->reads_fail ? SQLITE_IOERR_READ : methods(f)->xRead(real(f), to, n, at);
  }
  static int write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
    return of(f).owner->full ? SQLITE_FULL : methods(f)->xWrite(real(f), from, n, at);
  }
  static int sync(sqlite3_file* f, int flags) {
    if (of(f).owner->sync_fails) return SQLITE_IOERR_FSYNC;
    if (of(f).owner->store_sync_fails && of(f).is_of_store) return SQLITE_IOERR_FSYNC;
    if (of(f).is_log) ++of(f).owner->log_syncs;
    return methods(f)->xSync(real(f), flags);
  }
  static int close(sqlite3_file* f) { return methods(f)->xClose(real(f)); }
  static int truncate(sqlite3_file* f, sqlite3_int64 size) { return methods(f)->xTruncate(real(f), size); }
  static int size(sqlite3_file* f, sqlite3_int64* out) { return methods(f)->xFileSize(real(f), out); }
  static int lock(sqlite3_file* f, int kind) { return methods(f)->xLock(real(f), kind); }
  static int unlock(sqlite3_file* f, int kind) { return methods(f)->xUnlock(real(f), kind); }
  static int reserved(sqlite3_file* f, int* out) { return methods(f)->xCheckReservedLock(real(f), out); }
  static int control(sqlite3_file* f, int op, void* arg) { return methods(f)->xFileControl(real(f), op, arg); }
  static int sector(sqlite3_file* f) { return methods(f)->xSectorSize(real(f)); }
  static int device(sqlite3_file* f) { return methods(f)->xDeviceCharacteristics(real(f)); }
  static int shm_map(sqlite3_file* f, int page, int n, int extend, void volatile** out) {
    return methods(f)->xShmMap(real(f), page, n, extend, out);
  }
  static int shm_lock(sqlite3_file* f, int at, int n, int flags) { return methods(f)->xShmLock(real(f), at, n, flags); }
  static void shm_barrier(sqlite3_file* f) { methods(f)->xShmBarrier(real(f)); }
  static int shm_unmap(sqlite3_file* f, int gone) { return methods(f)->xShmUnmap(real(f), gone); }

  static constexpr sqlite3_io_methods kMethods{2,        close,       read,      write,   truncate, sync,   size,
                                               lock,     unlock,      reserved,  control, sector,   device, shm_map,
                                               shm_lock, shm_barrier, shm_unmap, nullptr, nullptr};

  sqlite3_vfs* real_;
  sqlite3_vfs vfs_;
  std::string name_;
};

}  // namespace postern::store
