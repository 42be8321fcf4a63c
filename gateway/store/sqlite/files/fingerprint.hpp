#pragma once

#include <string>

#include "store/sqlite/connection/connection.hpp"

namespace postern::store::sqlite {

// Which key a store is used with, so that one of another store is refused instead of ending all sessions in silence.
// A store in which none is noted takes the first.

// Whether the key is that of the store, or the store has none yet.
Result<bool> is_key_of(Connection& db, const std::string& key);
// Notes the key where none is noted, and refuses (invalid) another one.
Result<void> require_key(Connection& db, const std::string& database, const std::string& key);
// Notes it in place of any other.
Result<void> note_key(Connection& db, const std::string& key);

}  // namespace postern::store::sqlite
