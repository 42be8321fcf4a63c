#pragma once

#include <string_view>

#include "base/result.hpp"
#include "http/form.hpp"
#include "http/message.hpp"
#include "oauth/context.hpp"
#include "oauth/error.hpp"

namespace postern::oauth {

// RFC 6749 section 3.2: a POST with an application/x-www-form-urlencoded body, nothing in the query, and no parameter
// twice (but `resource`, RFC 8707).
Result<http::Form, OAuthError> read_form_post(const http::Request& request);

// The answer to a refusal; its private detail goes to the log.
http::Response refuse(std::string_view endpoint, const http::Request& request, const OAuthError& error,
                      const Context& context, bool basic = false);

}  // namespace postern::oauth
