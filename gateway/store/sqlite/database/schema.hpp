#pragma once

#include "base/result.hpp"
#include "store/sqlite/connection/connection.hpp"

namespace postern::store::sqlite {

// "PSTN" in the file's header: tells our databases from those of other programs.
inline constexpr int kApplicationId = 0x5053544E;

// The version this program writes.
int schema_version() noexcept;

// Brings a database up to that version in one transaction; several processes may try at once. Forward only. The caller
// has refused newer ones.
Result<void> migrate(Connection& db);

}  // namespace postern::store::sqlite
