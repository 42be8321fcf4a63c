#pragma once

#include <string>

#include "http/message.hpp"
#include "oauth/context.hpp"

namespace postern::oauth {

// RFC 6749 section 3.2, OAuth 2.1: grants authorization_code, refresh_token and client_credentials.
http::Response token(const http::Request& request, const Context& context);
// RFC 7591. Answers 403 where registration is closed.
http::Response register_client(const http::Request& request, const Context& context);
// RFC 7009.
http::Response revoke(const http::Request& request, const Context& context);
// The public keys of signed access tokens (RFC 7517 section 5): those that sign, will sign, and whose tokens still
// live.
http::Response jwks(const http::Request& request, const Context& context);
// RFC 7662; for clients with a secret or keys only.
http::Response introspect(const http::Request& request, const Context& context);
// RFC 8414, at the places of OpenID Connect Discovery too. Nothing is advertised that is not served, so the members
// that only an OpenID provider has (subject and ID token members) are not there.
http::Response server_metadata(const http::Request& request, const Context& context);

// A grant made by an operator with its access token, for `postern token mint`; user, tenant, resource, scopes and
// perhaps client come from the caller, the rest is filled in. With `narrowed` it is held to these scopes even where
// they are only what every request needs. The value is returned once. invalid: no such resource. denied: the user is
// disabled or no member, or the role may not hold a scope.
Result<std::string> mint_token(const store::Grant& grant, Duration lifetime, const Context& context);

}  // namespace postern::oauth
