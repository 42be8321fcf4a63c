#include "net/descriptors.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <limits>

namespace postern::net {
namespace {

std::size_t size_of(rlim_t limit) noexcept {
  return limit == RLIM_INFINITY ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(limit);
}

}  // namespace

DescriptorLimit descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
  return {size_of(limit.rlim_cur), size_of(limit.rlim_max)};
}

DescriptorLimit raise_descriptor_limit(std::size_t wanted) noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
  const std::size_t possible = std::min(wanted, size_of(limit.rlim_max));
  if (possible > size_of(limit.rlim_cur)) {
    limit.rlim_cur = possible;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  return descriptor_limit();
}

bool is_out_of_descriptors(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace postern::net
