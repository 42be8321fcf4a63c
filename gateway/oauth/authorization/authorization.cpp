#include "oauth/authorization/authorization.hpp"

#include <array>
#include <utility>

#include "oauth/authorization/authorization_checks.hpp"

namespace postern::oauth {
namespace {

// In this order: state first, so that every later fault carries it.
constexpr std::array<AuthorizationRule, 8> kRules{
    check_state, reject_repeated, reject_unsupported, check_response_type,
    check_pkce,  check_resource,  check_scope,        check_prompt,
};

}  // namespace

AuthorizationCheck check_authorization(const http::Form& parameters, const Context& context) {
  AuthorizationRequest request;
  if (auto fault = check_client(parameters, context, request)) return *std::move(fault);
  if (auto fault = check_redirect_uri(parameters, context, request)) return *std::move(fault);
  for (const AuthorizationRule rule : kRules) {
    if (auto fault = rule(parameters, context, request)) {
      return redirect_error(std::move(request), *std::move(fault), context);
    }
  }
  return request;
}

RedirectError redirect_error(AuthorizationRequest request, OAuthError error, const Context& context) {
  const auto state = request.has_state ? std::optional(request.state) : std::nullopt;
  auto location = error_location(request.redirect_uri, error, state, context);
  return {std::move(request), std::move(error), std::move(location)};
}

std::string append_query(std::string_view uri, const std::vector<std::pair<std::string, std::string>>& parameters) {
  std::string location(uri);
  if (uri.find('?') == std::string_view::npos) {
    location += '?';
  } else if (!uri.ends_with('?') && !uri.ends_with('&')) {
    location += '&';
  }
  return location += http::encode_form(parameters);
}

std::string error_location(std::string_view redirect_uri, const OAuthError& error,
                           const std::optional<std::string>& state, const Context& context) {
  std::vector<std::pair<std::string, std::string>> parameters{{"error", error.error}};
  if (!error.description.empty()) parameters.emplace_back("error_description", error.description);
  if (state) parameters.emplace_back("state", *state);
  parameters.emplace_back("iss", context.server.issuer);
  return append_query(redirect_uri, parameters);
}

}  // namespace postern::oauth
