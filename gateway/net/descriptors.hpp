#pragma once

#include <cstddef>

namespace postern::net {

// The limit of open files of this process (RLIMIT_NOFILE, getrlimit(2)): the soft limit counts, and a process may raise
// it to the hard one by itself.
struct DescriptorLimit {
  std::size_t soft = 0;
  std::size_t hard = 0;
};

// Zeros where the system does not tell.
DescriptorLimit descriptor_limit() noexcept;

// Raises the soft limit to `wanted`, or to the hard limit where that is lower; never lowers it. Returns what holds
// afterwards. Programs that are started later inherit the limit, and one that uses select(2) breaks on descriptors from
// 1,024 on: give them the limit of before (upstream::ChildOptions::open_files). For one thread, before others are
// started.
DescriptorLimit raise_descriptor_limit(std::size_t wanted) noexcept;

// Whether that errno says that descriptors or the memory for them have run out (accept(2), socket(2)).
bool is_out_of_descriptors(int error) noexcept;

}  // namespace postern::net
