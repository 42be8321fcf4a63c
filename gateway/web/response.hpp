#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/message.hpp"
#include "oauth/context.hpp"
#include "web/views.hpp"

namespace postern::web {

// CSP form-action values.
constexpr std::string_view kNoForms = "'none'";
constexpr std::string_view kOwnForms = "'self'";
constexpr std::string_view kAnyForms = "";  // form-action stays out

// The longest address of ours to redirect to, in bytes: it has to fit into the limit of request targets.
constexpr std::size_t kLongestLocation = 8000;

// A page with the headers every page carries. `secure`: adds HSTS.
http::Response page_response(int status, std::string html, std::string_view form_action, bool secure);

// 303 (RFC 9700 section 4.12) that tells the target nothing about where it came from (section 4.2.4).
http::Response see_other(std::string_view location, bool secure);

// The sign-in page that comes back to this own path and query.
std::string sign_in_path(const std::string& own_request);

// A page that says why not. Writes nothing to the log.
http::Response refuse(int status, std::string_view title, std::string_view text, const http::Request& request,
                      const oauth::Context& context, const WaysOn& ways = {});
// 405 with Allow.
http::Response method_not_allowed(const http::Request& request, const oauth::Context& context);
// 503 with Retry-After; logs what is wrong with the store.
http::Response store_away(const Error& error, const http::Request& request, const oauth::Context& context);

}  // namespace postern::web
