#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "http/form.hpp"
#include "oauth/context.hpp"
#include "oauth/error.hpp"
#include "store/records.hpp"

namespace postern::oauth {

// What a client gets (RFC 6749 section 5.1).
struct TokenReply {
  std::string access;
  std::string refresh;  // empty: none
  Duration lifetime{};  // of the access token
  std::vector<std::string> scopes;
};

// The grants of the token endpoint. The client is authenticated and registered for the grant.
using GrantHandler = Result<TokenReply, OAuthError> (*)(const http::Form& form, const store::Client& client,
                                                        const Context& context);

// OAuth 2.1 section 4.1.3.
Result<TokenReply, OAuthError> redeem_authorization_code(const http::Form& form, const store::Client& client,
                                                         const Context& context);
// OAuth 2.1 section 4.3.
Result<TokenReply, OAuthError> refresh_access_token(const http::Form& form, const store::Client& client,
                                                    const Context& context);

// OAuth 2.1 section 4.2: the client acts by itself, where and with what the operator allowed it.
Result<TokenReply, OAuthError> grant_client_credentials(const http::Form& form, const store::Client& client,
                                                        const Context& context);

}  // namespace postern::oauth
