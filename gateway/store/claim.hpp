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
  StoreClaim(UniqueFd lock, std::string path) noexcept : lock_(std::move(lock)), path_(std::move(path)) {}

  // Makes the file again where it was removed or replaced, which would let a second gateway in. The error is one
  // sentence: the file cannot be made, or another process holds it now. Called by one thread.
  Result<void> keep();

 private:
  UniqueFd lock_;
  std::string path_;
};

// `url` as of open_store(); the store need not be there yet. The claim is a flock(2) on `<database>.lock`, where
// `<database>` is the file that links lead to. The file holds who has the claim, for messages alone, and stays when the
// claim ends. One that something else is in is left alone, which is a refusal. Errors are one sentence: conflict names
// the process that has the claim; invalid is what open_store() refuses of the path.
Result<StoreClaim> claim_store(const std::string& url);

}  // namespace postern::store
