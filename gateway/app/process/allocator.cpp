#include "app/process/allocator.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace postern::app {

// mallopt(3): by default the threshold from which on a block has pages of its own grows to 32 MiB with the blocks that
// are freed, and there are eight heaps a core. Setting the values keeps them.
void give_back_freed_memory(std::size_t cores) noexcept {
#ifdef __GLIBC__
  constexpr int kOwnPages = 128 * 1024;  // bytes of a block
  constexpr int kKept = 256 * 1024;      // free bytes at the end of a heap
  mallopt(M_MMAP_THRESHOLD, kOwnPages);
  mallopt(M_TRIM_THRESHOLD, kKept);
  mallopt(M_ARENA_MAX, static_cast<int>(2 * cores));
#else
  static_cast<void>(cores);
#endif
}

}  // namespace postern::app
