#pragma once

#include <string>

#include "store/lost_key.hpp"
#include "store/sqlite/connection/options.hpp"

namespace postern::store::sqlite {

// As replace_lost_key().
Result<LostWithKey> replace_lost_key(const std::string& database, const Options& options);

}  // namespace postern::store::sqlite
