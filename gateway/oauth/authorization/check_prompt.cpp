#include <algorithm>

#include "base/strings.hpp"
#include "oauth/authorization/authorization_checks.hpp"

namespace postern::oauth {

// OpenID Connect Core section 3.1.2.1. Consent is asked for each time, so a request that must not ask cannot succeed,
// signed in or not: there is no silent code.
Fault check_prompt(const http::Form& parameters, const Context&, AuthorizationRequest& request) {
  const auto prompts = split_words(parameters.get("prompt").value_or(""));
  const auto asks = [&prompts](std::string_view what) { return std::ranges::find(prompts, what) != prompts.end(); };
  if (asks("none") && prompts.size() > 1) return invalid_request("prompt=none cannot stand beside another prompt.");
  if (asks("none")) return oauth_error("login_required", "The user must sign in and consent.");
  request.prompt_login = asks("login") || asks("select_account");
  return std::nullopt;
}

}  // namespace postern::oauth
