#pragma once

#include <string>
#include <string_view>

#include "config/config.hpp"
#include "idp/provider_metadata.hpp"

namespace postern::idp {

// One sign-in under way at a provider. What is secret of it stays in the browser that began it, sealed.
struct SignInAtProvider {
  std::string provider;
  std::string nonce;
  std::string verifier;     // RFC 7636
  std::string continue_to;  // own path; may be empty
  std::string resource;     // RFC 8707, for providers that want it; may be empty
};

// Nonce and verifier of its own.
SignInAtProvider begin_sign_in(std::string provider);

// OpenID Connect Core section 3.1.2.1, RFC 7636 section 4.3: where the browser is sent. `again`: the provider asks the
// user although it knows who it is.
std::string authorization_url(const ProviderMetadata& metadata, const config::Provider& provider,
                              std::string_view callback, const SignInAtProvider& sign_in, std::string_view state,
                              bool again);

// Section 3.1.3.1: what is posted to the token endpoint, and what stands in Authorization. Both are secret.
struct CodeRequest {
  std::string form;
  std::string authorization;
};
CodeRequest code_request(const config::Provider& provider, std::string_view callback, const SignInAtProvider& sign_in,
                         std::string_view code);

// The ID token of the token endpoint's answer, section 3.1.3.3. `what` of the error is for the log: the provider's
// error code, if it has the form of one, and never its text. Errors: denied.
Result<std::string> id_token_of(std::string_view answer);
// An `error` of a provider as it may stand in a log.
std::string error_code(std::string_view error);

}  // namespace postern::idp
