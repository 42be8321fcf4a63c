#pragma once

#include <string>

#include "store/claim.hpp"

namespace postern::store::sqlite {

// "<database>.lock".
std::string lock_path(const std::string& database);

// As claim_store().
Result<StoreClaim> claim(const std::string& database);

}  // namespace postern::store::sqlite
