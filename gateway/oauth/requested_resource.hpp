#pragma once

#include "base/result.hpp"
#include "http/form.hpp"
#include "oauth/context.hpp"
#include "oauth/error.hpp"

namespace postern::oauth {

// RFC 8707 section 2, at the authorization and the token endpoint: the resource that the request names, nullptr where
// it names none. invalid_target when this server does not know it, or when several different ones are named: a token is
// for one resource.
Result<tenant::ResourcePtr, OAuthError> requested_resource(const http::Form& parameters, const Context& context);

}  // namespace postern::oauth
