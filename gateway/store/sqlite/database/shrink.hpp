#pragma once

#include "base/result.hpp"
#include "store/sqlite/connection/connection.hpp"
#include "store/sqlite/database/readers.hpp"
#include "store/sqlite/database/writer.hpp"

// A flood of rows makes the file grow, and SQLite keeps the pages that become free. They go back to the file system
// here, apart from a reserve: the file is kept with auto_vacuum=INCREMENTAL (https://sqlite.org/pragma.html), which
// gives pages back only when it is asked to.
namespace postern::store::sqlite {

// For a connection to an empty file, before anything else is set: SQLite takes this setting from the first page.
Result<void> keep_shrinkable(Connection& db);

// Gives back what is free, a few pages in each write, so that other writes run in between; then empties the
// write-ahead log if it has become large. A file that was made before the setting existed is written anew once, when at
// least half of it is free and what is left is small enough to be held in memory meanwhile. Blocks; for purge().
// unavailable: a sentence; the file stays as large as it is, and nothing is lost.
Result<void> shrink(Writer& writer, Readers& readers);

}  // namespace postern::store::sqlite
