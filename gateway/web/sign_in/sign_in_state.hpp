#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "idp/authorization.hpp"
#include "idp/provider_metadata.hpp"
#include "oauth/context.hpp"
#include "web/pages.hpp"
#include "web/views.hpp"

namespace postern::web {

inline constexpr Duration kSignInLifetime = std::chrono::minutes(10);

// Where a sign-in at a provider began, and until when it counts. `state` says it, sealed, so that the address that the
// provider sends users back to can send them on to where their cookie is.
struct SignInState {
  std::string origin;  // of the authorization server
  std::string provider;
  Time expires_at{};
};
std::string make_state(std::string_view provider, const oauth::Context& context);
std::optional<SignInState> open_state(std::string_view state, const crypto::Aead& seal);

inline constexpr std::string_view kStateCookie = "postern_sign_in_";
// The cookie of one sign-in: two at the same time do not end each other.
std::string state_cookie(std::string_view state);
// The sign-in, good with this state alone: what the browser that comes back must show.
std::string seal_sign_in(const idp::SignInAtProvider& sign_in, std::string_view state, const oauth::Context& context);
std::optional<idp::SignInAtProvider> open_sign_in(std::string_view sealed, std::string_view state,
                                                  const oauth::Context& context);

// nullptr: there is none of that name.
const config::Provider* find_provider(std::string_view name, const PageContext& context);
// What the provider publishes, if it is at hand (oauth::ForeignDocuments).
Result<idp::ProviderMetadata> metadata_of(const config::Provider& provider, const oauth::Context& context);
// The page for a provider that cannot be had now; `what` is for the log.
http::Response provider_away(const config::Provider& provider, const std::string& what, const http::Request& request,
                             const PageContext& context, const WaysOn& ways = {});

}  // namespace postern::web
