#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "store/store.hpp"
#include "tenant/directory.hpp"
#include "token/principal.hpp"

namespace postern::authn {

// An access token's SHA-256 to the principal behind it, from the store. Blocks. Errors: not_found (unknown), expired,
// denied (revoked grant, disabled user, no longer a member, client gone), unavailable. Whether the token is for the
// resource at hand is the caller's to check. Thread-safe.
class Verifier {
 public:
  // Both must outlive the verifier.
  Verifier(store::Store& store, const tenant::Directory& directory) : store_(store), directory_(directory) {}
  Result<std::shared_ptr<const token::Principal>> verify(std::string_view token_hash, Time now) const;
  // As a token that holds all of the grant's scopes would prove it: for what the gateway does by itself.
  Result<std::shared_ptr<const token::Principal>> of_grant(std::string_view grant, Time now) const;

 private:
  Result<std::shared_ptr<const token::Principal>> principal_of(store::Grant grant, store::User user,
                                                               std::vector<std::string> scopes, Time expires_at,
                                                               Time now) const;
  Result<std::optional<tenant::Membership>> placed(const store::Grant& grant,
                                                   const std::optional<store::Client>& client) const;

  store::Store& store_;
  const tenant::Directory& directory_;
};

}  // namespace postern::authn
