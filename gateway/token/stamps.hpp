#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "crypto/hash.hpp"
#include "token/principal.hpp"
#include "token/touched.hpp"

namespace postern::token {

// When anything last changed of a token, grant, user, tenant, client or set of signing keys, in generations: a count of
// the changes so far. Of bounded size: names share places, so that one may seem changed because of another, at odds of
// one in thousands for each change. Nothing that changed ever seems unchanged. Reading is thread-safe and takes no
// lock; raise() is for one thread at a time.
class Stamps {
 public:
  std::uint64_t generation() const noexcept { return generation_.load(std::memory_order_acquire); }
  // Whether something of that token may have changed after that generation.
  bool changed_since(std::uint64_t generation, const crypto::Digest& token, const Principal& principal) const noexcept;
  // The next generation, in which all of this changed.
  void raise(const Touched& touched) noexcept;

 private:
  enum class Kind : std::uint8_t { token, grant, user, tenant, client, key_ring };
  static constexpr std::size_t kPlaces = 16 * 1024;

  static std::size_t place(Kind kind, std::string_view name) noexcept;
  std::uint64_t at(Kind kind, std::string_view name) const noexcept;
  void set(Kind kind, std::string_view name, std::uint64_t generation) noexcept;
  void set_all(Kind kind, const Touched::Names& names, std::uint64_t generation) noexcept;

  std::array<std::atomic<std::uint64_t>, kPlaces> changed_{};
  std::atomic<std::uint64_t> everything_{0};
  std::atomic<std::uint64_t> generation_{0};
};

}  // namespace postern::token
