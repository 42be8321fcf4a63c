#pragma once

#include <optional>

#include "http/form.hpp"
#include "oauth/authorization/authorization.hpp"
#include "oauth/context.hpp"
#include "oauth/error.hpp"

namespace postern::oauth {

// The rules of an authorization request, each in a file of its own that cites its source. A check reads the parameters,
// fills in its part of the request, and yields the fault where the rule is broken.

// As long as these two have not passed, nothing may be redirected.
std::optional<PageError> check_client(const http::Form& parameters, const Context& context,
                                      AuthorizationRequest& request);
std::optional<PageError> check_redirect_uri(const http::Form& parameters, const Context& context,
                                            AuthorizationRequest& request);

// From here on the client hears of a fault at its redirect URI.
using Fault = std::optional<OAuthError>;
using AuthorizationRule = Fault (*)(const http::Form& parameters, const Context& context,
                                    AuthorizationRequest& request);

Fault check_state(const http::Form& parameters, const Context& context, AuthorizationRequest& request);
Fault reject_repeated(const http::Form& parameters, const Context& context, AuthorizationRequest& request);
Fault reject_unsupported(const http::Form& parameters, const Context& context, AuthorizationRequest& request);
Fault check_response_type(const http::Form& parameters, const Context& context, AuthorizationRequest& request);
Fault check_pkce(const http::Form& parameters, const Context& context, AuthorizationRequest& request);
Fault check_resource(const http::Form& parameters, const Context& context, AuthorizationRequest& request);
Fault check_scope(const http::Form& parameters, const Context& context, AuthorizationRequest& request);
Fault check_prompt(const http::Form& parameters, const Context& context, AuthorizationRequest& request);

}  // namespace postern::oauth
