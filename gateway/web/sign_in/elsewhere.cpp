#include "web/sign_in/elsewhere.hpp"

#include <algorithm>
#include <chrono>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "config/address_template.hpp"
#include "http/header/cookie.hpp"
#include "http/url/url.hpp"
#include "idp/authorization.hpp"
#include "web/browser.hpp"
#include "web/response.hpp"
#include "web/sign_in/app_request.hpp"
#include "web/sign_in/sign_in_state.hpp"

namespace postern::web {
namespace {

// Browsers keep cookies of 4 KiB (RFC 6265 section 6.1), name and attributes counted.
constexpr std::size_t kLongestCookie = 3800;
// Of all sign-ins that a browser has begun and not ended, far below what the head of a request may hold.
constexpr std::size_t kMostCookieBytes = 8 * 1024;

// RFC 8707: what is signed in for, where the browser comes from an authorization request.
std::string resource_of(const std::string& continue_to) {
  const auto mark = continue_to.find('?');
  const auto form = http::Form::parse(mark == std::string::npos ? "" : std::string_view(continue_to).substr(mark + 1));
  return form ? form->get_or_empty("resource") : std::string();
}

// Whoever goes to a provider again and again without coming back would soon be refused for the cookies of it: the
// oldest are forgotten.
void forget_oldest(std::size_t added, const http::Request& request, const PageContext& context,
                   http::Response& response) {
  const bool secure = context.oauth.secure();
  const auto begun = http::cookies_that_begin(request, kStateCookie, secure);
  std::size_t bytes = added;
  for (const auto& cookie : begun) bytes += cookie.size;
  for (const auto& cookie : begun) {
    if (bytes <= kMostCookieBytes) return;
    bytes -= cookie.size;
    response.headers.add("Set-Cookie", http::set_cookie(cookie.name, "", {.secure = secure, .max_age = 0}));
  }
}

// Without fetching: where a document is not at hand the way to the app is not offered.
WaysOn ways_from(const std::string& continue_to, const PageContext& context) {
  oauth::Context at_hand = context.oauth;
  at_hand.documents = nullptr;
  return ways_on(continue_to, at_hand);
}

http::Response go(const idp::ProviderMetadata& metadata, const config::Provider& provider,
                  const std::string& continue_to, bool again, const http::Request& request,
                  const PageContext& context) {
  const auto state = make_state(provider.name, context.oauth);
  auto sign_in = idp::begin_sign_in(provider.name);
  sign_in.continue_to = continue_to;
  sign_in.resource = resource_of(continue_to);
  const auto sealed = seal_sign_in(sign_in, state, context.oauth);
  if (sealed.size() > kLongestCookie) {
    return refuse(400, "Too long", "The request of the app is too long to sign in elsewhere.", request, context.oauth,
                  ways_from(continue_to, context));
  }
  const auto callback = config::provider_callback(context.identity->callback, provider.name);
  const auto url = idp::authorization_url(metadata, provider, callback, sign_in, state, again);
  auto response = see_other(url, context.oauth.secure());
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(kSignInLifetime).count();
  response.headers.add("Set-Cookie",
                       http::set_cookie(state_cookie(state), sealed,
                                        {.secure = context.oauth.secure(), .max_age = static_cast<long>(seconds)}));
  forget_oldest(sealed.size(), request, context, response);
  return response;
}

}  // namespace

std::vector<ProviderChoice> provider_choices(std::string_view tenant, const PageContext& context) {
  std::vector<ProviderChoice> choices;
  if (context.identity == nullptr) return choices;
  for (const auto& provider : context.identity->providers) {
    const auto& allowed = provider.allowed_tenants;
    const bool offered = tenant.empty() || allowed.empty() || std::ranges::find(allowed, tenant) != allowed.end();
    if (offered) choices.push_back({provider.name, provider.label});
  }
  return choices;
}

// The forms lead to the provider by way of a redirect, which counts (CSP Level 3 section 6.4.1).
std::string login_form_action(const PageContext& context) {
  std::string sources(kOwnForms);
  if (context.identity == nullptr || context.identity->providers.empty()) return sources;
  sources += " https:";
  for (const auto& provider : context.identity->providers) {
    const auto issuer = http::parse_url(provider.issuer);
    if (issuer && issuer->scheme == "http") sources += " " + issuer->origin();
  }
  return sources;
}

http::Response begin_elsewhere(std::string_view name, const std::string& continue_to, const http::Request& request,
                               const PageContext& context) {
  const auto* provider = find_provider(name, context);
  if (provider == nullptr) {
    return refuse(400, "Not understood", "There is no such way to sign in here.", request, context.oauth);
  }
  const auto metadata = metadata_of(*provider, context.oauth);
  if (!metadata || metadata->authorization_endpoint.empty()) {
    const auto what = metadata ? "its metadata names no authorization_endpoint" : metadata.error().what;
    return provider_away(*provider, what, request, context, ways_from(continue_to, context));
  }
  // Whoever is signed in already wants to be somebody else.
  const auto session = find_session(request, context);
  if (!session) return store_away(session.error(), request, context.oauth);
  return go(*metadata, *provider, continue_to, session->has_value(), request, context);
}

}  // namespace postern::web
