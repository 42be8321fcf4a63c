#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "store/sqlite/connection/connection.hpp"

namespace postern::store::sqlite {

// The files of an open store on the disk: database, write-ahead log, its index, and the key beside them. Each process
// finds them by their paths, so a file that another program deleted or replaced takes from all who come later what is
// written here from then on. Thread-safe.
class StoreFiles {
 public:
  enum class State : std::uint8_t {
    in_place,
    gone,      // the database was deleted, and nothing that is at the paths belongs to another
    log_gone,  // the database is there, a file of its log was deleted
    replaced,  // another file is at one of the paths
  };

  // The files at these paths are taken for those of the connection that was opened before. `key` is the content of the
  // key file; empty: there is none to watch over.
  StoreFiles(std::string path, Secret key = Secret());

  const std::string& path() const noexcept { return path_; }
  State look() const;
  // A sentence about a state that is not in_place, and what to do.
  std::string describe(State state) const;

  // In the state `gone`: writes to the path what `from` has open. Nothing that was committed is missing. The file is
  // new, so everybody has to open it again, and remember() is to be called then. Errors are sentences.
  Result<void> write_again(Connection& from);
  // Whether the log has room to grow. Without that a disk that is nearly full would take a small write and not the
  // next.
  Result<void> find_room() const;
  // Takes what is at the paths for ours from now on.
  void remember();
  // Raised by remember() when they are others: connections that were opened before are of other files.
  unsigned generation() const noexcept { return generation_; }

  // Writes the key file again where it is gone. An error (unavailable) tells that it was, or that another key is there.
  Result<void> keep_key();

 private:
  struct Identity {
    dev_t device;
    ino_t inode;
    bool operator==(const Identity&) const = default;
  };
  using Found = std::optional<Identity>;
  static Found find(const std::string& path);
  // Takes that file for the database, and what will be its log for ours.
  void adopt(const std::string& draft);

  const std::string path_;
  const Secret key_;
  mutable std::mutex mutex_;
  Found database_;
  Found log_;  // nullopt for this and the index: not made yet
  Found index_;
  Found key_file_;
  std::atomic<unsigned> generation_ = 0;
};

}  // namespace postern::store::sqlite
