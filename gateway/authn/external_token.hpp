#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "config/config.hpp"
#include "crypto/jws.hpp"
#include "store/store.hpp"
#include "tenant/catalog.hpp"
#include "tenant/directory.hpp"
#include "token/principal.hpp"

namespace postern::authn {

// Whom a token that was made elsewhere speaks of.
struct ExternalIdentity {
  std::string subject;
  std::string client;  // may be empty
  std::string tenant;  // as the provider calls it; may be empty
  std::string email;   // may be empty
  std::string name;    // may be empty
  std::vector<std::string> scopes;
  Time expires_at{};
};

// The token before its signature was checked: a JWT whose algorithm and type the operator allows. Pure. Errors: denied.
Result<crypto::Jws> read_external_token(std::string_view compact, const config::External& external);

// What its caller is told when a token is bound to a key (RFC 7800).
inline constexpr std::string_view kBoundToKey =
    "the access token is bound to a key (cnf), and this server checks no proof of such a key (DPoP or mutual TLS); get "
    "a "
    "plain bearer token";

// Its claims, once its signature was checked (RFC 9068 section 4, RFC 7519 section 4.1). Pure. Errors: expired;
// denied, with kBoundToKey when the token is otherwise good.
Result<ExternalIdentity> external_identity(const crypto::Jws& jws, const config::External& external, Time now);

// Where that user is in this gateway, for a call on that resource: tenant, role, and what else the server behind is
// told. Blocks. Errors: denied, with a sentence for the caller, when the token is good and yet gives nothing here;
// those of the store.
Result<std::shared_ptr<const token::Principal>> place_external(const ExternalIdentity& identity,
                                                               const tenant::Resource& resource,
                                                               const tenant::Directory& directory,
                                                               store::UserStore& users);

}  // namespace postern::authn
