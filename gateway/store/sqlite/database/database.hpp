#pragma once

#include <string>

#include "base/result.hpp"
#include "store/sqlite/connection/connection.hpp"
#include "store/sqlite/connection/options.hpp"

namespace postern::store::sqlite {

// A connection that may write, after everything it stands on was checked: the file is a database of ours, whole, not
// newer than this program and brought up to its schema, and WAL, synchronous=FULL and foreign keys hold on this
// connection when read back. Used at the start and again after an I/O error. Refusals are one sentence.
Result<Connection> open_writer(const std::string& path, const Options& options);

// A connection that reads what a writer opened before. It has every file of the store open when it is returned.
Result<Connection> open_reader(const std::string& path, const Options& options);

// What SQLite said of the database at the connection's latest failure, as a sentence about the file that tells what to
// do. `error` is that failure.
Error explain(const std::string& path, const Connection& db, const Error& error);

}  // namespace postern::store::sqlite
