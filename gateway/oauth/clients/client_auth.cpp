#include "oauth/clients/client_auth.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "crypto/hash.hpp"
#include "oauth/clients/client_assertion.hpp"
#include "oauth/clients/find_client.hpp"

namespace postern::oauth {
namespace {

constexpr std::size_t kLongestCredentials = 4096;

struct Credentials {
  std::string id;
  std::optional<std::string> secret;
  bool basic = false;
};

ClientAuthFailure invalid_client(bool basic, std::string detail) {
  // One text for unknown clients and wrong secrets.
  return {oauth_error(
              "invalid_client",
              "The client is unknown or did not prove who it is: register again, or ask the operator who added it for "
              "new credentials.",
              std::move(detail), 401),
          basic};
}

ClientAuthFailure malformed(std::string description) { return {invalid_request(std::move(description)), false}; }

std::optional<std::string> form_decode(std::string text) {
  std::ranges::replace(text, '+', ' ');
  return http::percent_decode(text);
}

// RFC 7617 section 2.
Result<Credentials, ClientAuthFailure> read_basic(std::string_view header) {
  constexpr std::string_view scheme = "Basic ";
  if (header.size() > kLongestCredentials || !ascii_iequals(header.substr(0, scheme.size()), scheme)) {
    return invalid_client(true, "Authorization is not Basic");
  }
  const auto decoded = base64_decode(trim(header.substr(scheme.size())));
  const std::size_t colon = decoded ? decoded->find(':') : std::string::npos;
  if (colon == std::string::npos) return invalid_client(true, "malformed Basic credentials");
  return Credentials{decoded->substr(0, colon), decoded->substr(colon + 1), true};
}

// An empty field shows no more than none at all.
std::optional<std::string_view> authorization_of(const http::Request& request) {
  const auto header = request.header("Authorization");
  return header && header->empty() ? std::nullopt : header;
}

Result<Credentials, ClientAuthFailure> read_credentials(const http::Request& request, const http::Form& form) {
  const auto posted_id = form.get("client_id");
  // RFC 6749 section 2.3.1: an empty secret may as well be left out.
  auto posted_secret = form.get("client_secret");
  if (posted_secret && posted_secret->empty()) posted_secret.reset();
  if (request.header_count("Authorization") > 1) return malformed("Send one Authorization header at most.");

  const auto header = authorization_of(request);
  if (!header) {
    if (!posted_id || posted_id->empty()) return malformed("client_id is missing.");
    auto secret = posted_secret ? std::optional<std::string>(*posted_secret) : std::nullopt;
    return Credentials{std::string(*posted_id), std::move(secret), false};
  }
  if (posted_secret) return malformed("Authenticate in one way: by HTTP Basic or by client_secret.");
  auto credentials = read_basic(*header);
  if (!credentials || !posted_id || *posted_id == credentials->id) return credentials;
  if (form_decode(credentials->id) == std::optional<std::string>(*posted_id)) return credentials;
  return malformed("client_id is not the one of the Authorization header.");
}

Result<store::Client, OAuthError> client_of(const Credentials& credentials, const Context& context) {
  auto client = find_client(credentials.id, context);
  if (client || client.error().status == 503 || !credentials.basic) return client;
  auto decoded = form_decode(credentials.id);
  return decoded && *decoded != credentials.id ? find_client(*decoded, context) : client;
}

// Such a client names itself by client_id in the form: there is nothing it could prove with Basic.
bool is_described(const std::string& id) {
  return store::is_document_url(id) || store::is_document_url(form_decode(id).value_or(""));
}

bool secret_matches(const Credentials& credentials, const std::string& hash) {
  const auto equals = [&hash](std::string_view secret) {
    return crypto::constant_time_equal(crypto::sha256_string(secret), hash);
  };
  if (equals(*credentials.secret)) return true;
  const auto decoded = credentials.basic ? form_decode(*credentials.secret) : std::nullopt;
  return decoded && equals(*decoded);
}

// RFC 7521 section 4.2: an assertion, and no other credentials beside it.
Result<store::Client, ClientAuthFailure> by_assertion(const http::Request& request, const http::Form& form,
                                                      const Context& context) {
  const auto assertion = form.get("client_assertion");
  const auto type = form.get("client_assertion_type");
  if (!assertion || !type) return malformed("Send client_assertion and client_assertion_type together.");
  if (form.get("client_secret") || authorization_of(request)) {
    return malformed("Authenticate in one way: by client_assertion or by a secret.");
  }
  if (*type != kJwtBearerAssertion) return invalid_client(false, "unknown client_assertion_type");
  auto client = authenticate_assertion(*assertion, form.get("client_id").value_or(""), context);
  if (!client) return ClientAuthFailure{client.error(), false};
  return std::move(*client);
}

}  // namespace

Result<store::Client, ClientAuthFailure> authenticate_client(const http::Request& request, const http::Form& form,
                                                             const Context& context) {
  if (form.get("client_assertion") || form.get("client_assertion_type")) return by_assertion(request, form, context);
  const auto credentials = read_credentials(request, form);
  if (!credentials) return credentials.error();
  if (credentials->basic && is_described(credentials->id)) {
    return invalid_client(true, "a client that a document describes has no secret");
  }
  auto found = client_of(*credentials, context);
  if (!found && found.error().status == 503) return ClientAuthFailure{std::move(found).error(), false};
  // What is wrong with a document is for whoever publishes it; of registered clients nothing is told.
  if (!found && store::is_document_url(credentials->id)) return ClientAuthFailure{std::move(found).error(), false};
  if (!found) return invalid_client(credentials->basic, found.error().detail);

  store::Client& client = *found;
  if (client.auth == store::ClientAuth::private_key_jwt) {
    return invalid_client(credentials->basic, "a client with keys sent no assertion");
  }
  const bool is_public = client.auth == store::ClientAuth::none;
  // Basic with an empty password is how some say `none`.
  const bool has_secret = credentials->secret && !credentials->secret->empty();
  if (is_public && has_secret) return invalid_client(credentials->basic, "a secret for a client that has none");
  if (!is_public && !has_secret) return invalid_client(credentials->basic, "the secret is missing");
  if (!is_public && !secret_matches(*credentials, client.secret_hash)) {
    return invalid_client(credentials->basic, "wrong secret");
  }
  return std::move(client);
}

}  // namespace postern::oauth
