#pragma once

#include <set>
#include <string>
#include <vector>

#include "crypto/hash.hpp"
#include "store/records.hpp"
#include "token/principal.hpp"

namespace postern::token {

// What changes in the store touch, by name: what is known about everything else stays good. A value.
struct Touched {
  using Names = std::set<std::string, std::less<>>;

  std::set<crypto::Digest> tokens;  // SHA-256 of access tokens that were revoked alone
  Names grants;                     // revoked
  Names users;                      // keys; also of those whose memberships changed
  Names tenants;                    // handles
  Names clients;
  Names key_rings;          // TokenIssuer::key_ring
  bool everything = false;  // the changes do not say what they touch

  // Nothing but single tokens: no principal has to be looked at to know whether it is touched.
  bool only_tokens() const noexcept;
  // Whether what is known of that token may be out of date.
  bool has(const crypto::Digest& token, const Principal& principal) const;
};

// What those changes touch together. A subject that cannot be read counts as everything.
Touched touched_by(const std::vector<store::Change>& changes);

}  // namespace postern::token
