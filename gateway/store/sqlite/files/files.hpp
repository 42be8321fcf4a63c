#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

// The files of a store on the disk: who may read them, and that they outlive a power failure. Each refusal is one
// sentence an operator can act on.
namespace postern::store::sqlite {

// Makes the file (0600) where there is none, and the last directory of its path (0700). An existing one is refused
// (invalid) unless it is a plain file that its owner alone may read and write.
Result<void> prepare_file(const std::string& path);

// "<database>.key".
std::string key_path(const std::string& database);
bool has_content(const std::string& path) noexcept;

// The 32 bytes of `<database>.key`, made at the first call. Refused (invalid) when others may read it or its size is
// wrong.
Result<std::string> master_key(const std::string& database);
// The same of a database that has a key already: a lost one is refused, since a new one opens nothing of the old.
Result<std::string> kept_key(const std::string& database);
// What prepare_file() and the first look at the database would refuse. Makes nothing.
Result<void> check_database(const std::string& path);
// The same, and what kept_key() would refuse.
Result<void> check_files(const std::string& path);
// Whether the key file is missing or is not a key. False where that cannot be seen.
bool key_is_lost(const std::string& database);

// ": restore the file…", with the command for a key that is lost for good.
std::string restore_key(const std::string& database);

// The content of `<database>.key`, refused (invalid) as by master_key().
Result<std::string> read_key(const std::string& database);
// Makes a key file (0600) where there is none. One that is there stays as it is.
Result<void> write_key(const std::string& path, const std::string& key);

// Makes a file (0600) that is on the disk when this returns; invalid where there is one.
Result<void> write_durably(const std::string& path, const std::string& bytes);
// What another wrote is on the disk when this returns. Not for a database that is open: closing a descriptor of it ends
// the process's locks on it.
Result<void> sync_file(const std::string& path);
// Whether a file beside `path` that has `from` bytes may grow by so many. Nothing of it stays. Errors are sentences.
Result<void> find_room(const std::string& path, std::int64_t from, std::int64_t bytes);
// A new name is durable only once its directory is.
Result<void> sync_directory_of(const std::string& path);

}  // namespace postern::store::sqlite
