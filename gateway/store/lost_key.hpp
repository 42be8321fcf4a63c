#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace postern::store {

// What cannot be opened any more without the key file that a store was made with.
struct LostWithKey {
  std::string key_file;           // the new one
  std::string kept;               // where a file that is no key was moved to; empty: there was none
  std::int64_t signing_keys = 0;  // of signed access tokens, which end with them
};

// Makes a new key for a store whose key file is gone or is no key, after removing what only the old one opened. Errors
// are one sentence: not_found where there is no store; conflict where its key is there, or where a gateway runs on it.
Result<LostWithKey> replace_lost_key(const std::string& url);

}  // namespace postern::store
