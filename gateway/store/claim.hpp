#pragma once

#include <string>
#include <utility>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace postern::store {

// A store belongs to one gateway at a time: rates and the counts of calls under way are in its memory, so that two of
// them would each allow all of it. Commands work beside it without a claim. Held until it is destroyed, and
// given back by the kernel when the process ends, however it ends.
class StoreClaim {
 public:
  explicit StoreClaim(UniqueFd lock) noexcept : lock_(std::move(lock)) {}

 private:
  UniqueFd lock_;
};

// `url` as of open_store(); the store need not be there yet. The claim is a flock(2) on `<database>.lock`, a file that
// holds who has it, for messages alone, and stays when the claim ends. Errors are one sentence: conflict names the
// process that has the claim; invalid is what open_store() refuses of the path.
Result<StoreClaim> claim_store(const std::string& url);

}  // namespace postern::store
