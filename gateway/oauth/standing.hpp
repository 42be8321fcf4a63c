#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "oauth/context.hpp"
#include "oauth/error.hpp"

namespace postern::oauth {

// What a grant comes to at this moment: people leave, roles shrink and plans end while it lives.
struct Standing {
  tenant::ResourcePtr resource;
  store::User user;
  store::Tenant tenant;
  std::string role;
  std::vector<std::string> scopes;  // of the grant's, those that the role may still hold; never empty
};

// Blocks on the store. denied: the grant is revoked or at its end, its resource is none of this server's, or the user
// is disabled, no member, on a plan without the resource, or left without any scope; unavailable and busy as the store
// says.
Result<Standing> standing_of(const store::Grant& grant, const Context& context);
// The same as the token endpoint tells it: invalid_grant, or that the store is away.
OAuthError standing_error(const Error& error);

}  // namespace postern::oauth
