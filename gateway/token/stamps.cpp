#include "token/stamps.hpp"

#include <functional>

namespace postern::token {
namespace {

std::string_view bytes_of(const crypto::Digest& digest) noexcept {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace

// A user's key must not share its place with a grant that somebody gave the same name.
std::size_t Stamps::place(Kind kind, std::string_view name) noexcept {
  constexpr std::uint64_t kSpread = 0x9E3779B97F4A7C15;
  return (std::hash<std::string_view>{}(name) ^ (static_cast<std::uint64_t>(kind) * kSpread)) % kPlaces;
}

std::uint64_t Stamps::at(Kind kind, std::string_view name) const noexcept {
  return changed_[place(kind, name)].load(std::memory_order_acquire);
}

void Stamps::set(Kind kind, std::string_view name, std::uint64_t generation) noexcept {
  changed_[place(kind, name)].store(generation, std::memory_order_release);
}

void Stamps::set_all(Kind kind, const Touched::Names& names, std::uint64_t generation) noexcept {
  for (const auto& name : names) set(kind, name, generation);
}

bool Stamps::changed_since(std::uint64_t generation, const crypto::Digest& token,
                           const Principal& principal) const noexcept {
  return everything_.load(std::memory_order_acquire) > generation || at(Kind::token, bytes_of(token)) > generation ||
         at(Kind::grant, principal.grant) > generation || at(Kind::user, principal.user) > generation ||
         at(Kind::tenant, principal.tenant) > generation || at(Kind::client, principal.client) > generation ||
         at(Kind::key_ring, principal.key_ring) > generation;
}

// The count goes last: a thread that reads the new one asks the store after the change is in it, and one that reads
// the old one finds what changed marked.
void Stamps::raise(const Touched& touched) noexcept {
  const std::uint64_t next = generation() + 1;
  for (const auto& token : touched.tokens) set(Kind::token, bytes_of(token), next);
  set_all(Kind::grant, touched.grants, next);
  set_all(Kind::user, touched.users, next);
  set_all(Kind::tenant, touched.tenants, next);
  set_all(Kind::client, touched.clients, next);
  set_all(Kind::key_ring, touched.key_rings, next);
  if (touched.everything) everything_.store(next, std::memory_order_release);
  generation_.store(next, std::memory_order_release);
}

}  // namespace postern::token
