#pragma once

#include <string>
#include <string_view>

#include "http/message.hpp"
#include "oauth/context.hpp"

namespace postern::oauth {

// RFC 6749 section 3.2, OAuth 2.1: grants authorization_code, refresh_token and client_credentials.
http::Response token(const http::Request& request, const Context& context);
// RFC 7591. Answers 403 where registration is closed.
http::Response register_client(const http::Request& request, const Context& context);
// RFC 7009.
http::Response revoke(const http::Request& request, const Context& context);
// Where a server whose tokens are opaque publishes that it has no keys; the path of its issuer follows. It is not
// `endpoints.jwks`, because such servers need no path of their own there when several share a host.
inline constexpr std::string_view kNoKeysPath = "/.well-known/jwks.json";
// The public keys of signed access tokens (RFC 7517 section 5): those that sign, will sign, and whose tokens still
// live. The empty set where tokens are opaque.
http::Response jwks(const http::Request& request, const Context& context);
// RFC 7662; for clients with a secret or keys only.
http::Response introspect(const http::Request& request, const Context& context);
// RFC 8414. Nothing is advertised that is not served.
http::Response server_metadata(const http::Request& request, const Context& context);
// The same, with the members that OpenID Connect Discovery 1.0 section 3 requires and without which its parsers refuse
// the whole document. This is the one place that advertises what is not served: no ID tokens are issued, so there is no
// scope `openid` and no userinfo endpoint either.
http::Response openid_configuration(const http::Request& request, const Context& context);

// A grant made by an operator with its access token, for `postern token mint`; user, tenant, resource, scopes and
// perhaps client come from the caller, the rest is filled in. With `narrowed` it is held to these scopes even where
// they are only what every request needs. The value is returned once. invalid: no such resource. denied: the user is
// disabled or no member, or the role may not hold a scope.
Result<std::string> mint_token(const store::Grant& grant, Duration lifetime, const Context& context);

}  // namespace postern::oauth
