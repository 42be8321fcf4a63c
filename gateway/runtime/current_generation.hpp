#pragma once

#include <memory>
#include <utility>

#include "runtime/generation.hpp"

namespace postern::runtime {

// The generation with whose fetchers documents are fetched: that of the workers. Whoever gets it keeps it alive.
// Thread-safe.
class CurrentGeneration {
 public:
  // nullptr before the first one is set and after the process has let it go: nothing is fetched then.
  std::shared_ptr<const Generation> get() const { return std::atomic_load(&generation_); }
  void set(std::shared_ptr<const Generation> generation) { std::atomic_store(&generation_, std::move(generation)); }

 private:
  std::shared_ptr<const Generation> generation_;
};

}  // namespace postern::runtime
