#pragma once

#include <cstddef>

namespace postern::app {

// Makes the allocator of the C library return large blocks to the system when they are freed, and keep few heaps that
// threads share, so that the process shrinks again after a burst of large bodies. Once, before there
// are threads; does nothing where the library has no such settings. `cores`: of the machine.
void give_back_freed_memory(std::size_t cores) noexcept;

}  // namespace postern::app
