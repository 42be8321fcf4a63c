#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "crypto/jwt.hpp"
#include "store/records.hpp"

namespace postern::idp {

// Somebody who has signed in at a provider, as its claims say.
struct ProviderUser {
  store::User user;
  // Where the claims make it a member; whether there are such tenants is for the caller to know.
  std::vector<store::Membership> memberships;
};

// The user is PROVIDER:SUBJECT and nobody else, whatever the other claims say. Pure. Errors: denied.
Result<ProviderUser> provider_user(const crypto::Claims& claims, const config::Provider& provider, Time now);

}  // namespace postern::idp
