#include "oauth/clients/client_metadata.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"
#include "crypto/hash.hpp"
#include "crypto/jwk.hpp"
#include "http/url/url.hpp"
#include "oauth/clients/display_name.hpp"
#include "oauth/redirect_uri.hpp"
#include "oauth/scope.hpp"

namespace postern::oauth {
namespace {

using nlohmann::json;
template <class T>
using Read = Result<T, OAuthError>;

constexpr std::size_t kMostRedirectUris = 50;
constexpr std::size_t kLongestUri = 2048;

constexpr auto kAuthMethods = std::to_array<std::pair<std::string_view, store::ClientAuth>>({
    {"none", store::ClientAuth::none},
    {"client_secret_basic", store::ClientAuth::secret_basic},
    {"client_secret_post", store::ClientAuth::secret_post},
    {"private_key_jwt", store::ClientAuth::private_key_jwt},
});

OAuthError bad_metadata(std::string description) {
  return oauth_error("invalid_client_metadata", std::move(description));
}
OAuthError bad_redirect(std::string description) { return oauth_error("invalid_redirect_uri", std::move(description)); }

// For members that decide something: there a value of another kind is refused.
Read<std::string> text(const json& document, const char* name) {
  const json* value = present_member(document, name);
  if (value == nullptr) return std::string();
  if (!value->is_string()) return bad_metadata(std::string(name) + " must be a string.");
  return value->get<std::string>();
}

// nullopt when absent.
Read<std::optional<std::vector<std::string>>> texts(const json& document, const char* name) {
  const json* value = present_member(document, name);
  if (value == nullptr) return std::optional<std::vector<std::string>>();
  if (!value->is_array() || !std::ranges::all_of(*value, [](const json& one) { return one.is_string(); })) {
    return bad_metadata(std::string(name) + " must be a list of strings.");
  }
  return std::optional(value->get<std::vector<std::string>>());
}

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::ranges::find(list, value) != list.end();
}

// Names them, because the person behind the client has to know what to ask the operator for.
OAuthError none_allowed(const std::string& name, const std::vector<std::string>& uris) {
  const std::string listed = list_redirect_uris(uris);
  return oauth_error("invalid_redirect_uri",
                     "This server allows none of these redirect URIs: " + listed +
                         ". Its operator can allow their hosts and schemes with the key registration.redirect_domains.",
                     "registration.redirect_domains allows none of the redirect URIs of the client " +
                         (name.empty() ? std::string("without a name") : name) + ": " + listed);
}

struct RedirectUris {
  std::vector<std::string> kept;
  std::vector<std::string> left_out;
};

// A URI that is dangerous or malformed refuses the registration, because no working client has one and its developer
// should hear of it. Those that the operator does not allow are left out as long as one remains: clients register
// several at once and use what they get (RFC 7591 section 3.2.1).
Read<RedirectUris> redirect_uris(const json& document, const config::Registration& registration) {
  auto asked = texts(document, "redirect_uris");
  if (!asked) return bad_redirect(asked.error().description);
  if (!*asked || (*asked)->empty()) return bad_redirect("redirect_uris must name at least one URI.");
  if ((*asked)->size() > kMostRedirectUris) return bad_redirect("redirect_uris may name 50 URIs at most.");
  RedirectUris uris;
  for (std::string& uri : **asked) {
    if (auto fault = redirect_uri_fault(uri)) return bad_redirect(*std::move(fault));
    const bool allowed = !registration.redirect_domains || redirect_domain_allowed(uri, *registration.redirect_domains);
    auto& list = allowed ? uris.kept : uris.left_out;
    if (!contains(list, uri)) list.push_back(std::move(uri));
  }
  return uris;
}

Read<store::ClientAuth> auth_method(const json& document) {
  const auto name = text(document, "token_endpoint_auth_method");
  if (!name) return name.error();
  // RFC 7591 section 2: the default.
  if (name->empty()) return store::ClientAuth::secret_basic;
  const auto found =
      std::ranges::find(kAuthMethods, std::string_view(*name), [](const auto& method) { return method.first; });
  if (found != kAuthMethods.end()) return found->second;
  return bad_metadata(
      "token_endpoint_auth_method must be none, client_secret_basic, client_secret_post or private_key_jwt.");
}

// Clients that name no grant types want to stay connected, so they get the refresh token too; the answer says so.
Read<std::vector<std::string>> grant_types(const json& document) {
  const std::vector<std::string> supported{"authorization_code", "refresh_token"};
  const auto asked = texts(document, "grant_types");
  if (!asked) return asked.error();
  if (!*asked || (*asked)->empty()) return supported;
  auto kept = intersect(supported, **asked);
  if (!contains(kept, "authorization_code")) return bad_metadata("grant_types must hold authorization_code.");
  return kept;
}

std::optional<OAuthError> response_types_fault(const json& document) {
  const auto asked = texts(document, "response_types");
  if (!asked) return asked.error();
  if (!*asked || (*asked)->empty() || contains(**asked, "code")) return std::nullopt;
  return bad_metadata("response_types must hold code.");
}

Read<std::string> client_name(const json& document, const std::vector<std::string>& uris) {
  auto name = text(document, "client_name");
  if (!name) return name;
  if (auto fault = display_name_fault(*name)) return bad_metadata("client_name " + *fault);
  // Consent has to call the client something.
  const auto shown = trim(*name);
  if (!shown.empty()) return std::string(shown);
  return uris.empty() ? std::string() : redirect_host(uris.front());
}

// What follows decides nothing here. RFC 7591 section 2 lets a server ignore or replace what it cannot use, and its
// answer says what was registered, so a wrong value costs itself alone.

// Empty where the member is missing or no string.
std::string text_if_any(const json& document, const char* name) {
  const json* value = present_member(document, name);
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string();
}

// OpenID Connect Dynamic Client Registration section 2 knows these two; some clients name what they are instead
// ("spa").
std::string application_type(const json& document, const std::vector<std::string>& uris) {
  std::string type = text_if_any(document, "application_type");
  if (type == "web" || type == "native") return type;
  const bool web =
      std::ranges::all_of(uris, [](const std::string& uri) { return ascii_lower(uri).starts_with("https:"); });
  return web ? "web" : "native";
}

// Fit to be shown as a link, or to be fetched.
bool is_plain_https(std::string_view uri) {
  const auto parsed = http::parse_url(uri);
  return parsed && uri.size() <= kLongestUri && parsed->scheme == "https" && !parsed->has_userinfo;
}

// A link on the consent page: shown when it is one that a browser may open, else left out.
std::string client_uri(const json& document) {
  std::string uri = text_if_any(document, "client_uri");
  return is_plain_https(uri) ? uri : std::string();
}

// Binds nobody: what is granted is asked for and consented to each time.
std::string scope(const json& document) {
  const auto words = parse_scope(text_if_any(document, "scope"));
  return words ? join(*words, " ") : std::string();
}

struct Keys {
  std::string usable;  // a set as JSON; empty: none
  std::string fault;   // why some are not
};

// RFC 7591 section 2: keys by value. Sets hold keys for other purposes too (RFC 7517 section 4.2), so those that can be
// used here are taken. A private key is always refused: its owner has to know that it is no longer secret.
Read<Keys> keys(const json& document) {
  const json* set = present_member(document, "jwks");
  if (set == nullptr) return Keys{};
  const auto read = crypto::read_jwk_set(*set);
  if (!read && read.error().code == Errc::denied) return bad_metadata("jwks: " + read.error().what + ".");
  if (!read) return Keys{{}, read.error().what};
  std::string usable = read->keys.empty() ? std::string() : crypto::to_json(read->keys).dump();
  return Keys{std::move(usable), read->skipped.empty() ? "it holds no key" : read->skipped.front()};
}

// By value or by address, never both: for a client that signs with them these are two readings. To any other client its
// keys are worth what can be used of them.
std::optional<OAuthError> take_keys(const json& document, store::Client& client) {
  const bool signs = client.auth == store::ClientAuth::private_key_jwt;
  auto by_value = keys(document);
  if (!by_value) return by_value.error();
  std::string address = text_if_any(document, "jwks_uri");
  if (signs && present_member(document, "jwks_uri") != nullptr && !is_plain_https(address)) {
    return bad_metadata("jwks_uri must be an https URL.");
  }
  if (is_plain_https(address)) client.jwks_uri = std::move(address);
  client.jwks = std::move(by_value->usable);
  if (!client.jwks.empty() && !client.jwks_uri.empty()) {
    if (signs) return bad_metadata("Give jwks or jwks_uri, not both.");
    client.jwks_uri.clear();
  }
  if (!signs || !client.jwks.empty() || !client.jwks_uri.empty()) return std::nullopt;
  return bad_metadata("private_key_jwt needs the client's public keys: give jwks or jwks_uri." +
                      (by_value->fault.empty() ? "" : " Of jwks none can be used: " + by_value->fault + "."));
}

}  // namespace

Result<ClientMetadata, OAuthError> read_client_metadata(const json& document,
                                                        const config::Registration& registration) {
  if (!document.is_object()) return bad_metadata("The client's metadata must be a JSON object.");
  auto uris = redirect_uris(document, registration);
  if (!uris) return uris.error();
  auto name = client_name(document, uris->kept);
  if (!name) return name.error();
  if (uris->kept.empty()) return none_allowed(*name, uris->left_out);
  const auto auth = auth_method(document);
  if (!auth) return auth.error();
  auto grants = grant_types(document);
  if (!grants) return grants.error();
  if (auto fault = response_types_fault(document)) return *std::move(fault);
  ClientMetadata read{{}, std::move(uris->left_out)};
  store::Client& client = read.client;
  client.name = *std::move(name);
  client.auth = *auth;
  client.application_type = application_type(document, uris->kept);
  client.redirect_uris = std::move(uris->kept);
  client.grant_types = *std::move(grants);
  client.client_uri = client_uri(document);
  client.scope = scope(document);
  client.dynamic = true;
  if (auto fault = take_keys(document, client)) return *std::move(fault);
  return read;
}

std::string client_fingerprint(const store::Client& client) {
  auto uris = client.redirect_uris;
  std::ranges::sort(uris);
  const json canonical =
      json::array({client.name, auth_method_name(client.auth), uris, client.grant_types, client.application_type,
                   client.client_uri, client.scope, client.issuer, client.jwks, client.jwks_uri});
  return hex_encode(crypto::sha256_string(canonical.dump()));
}

std::string_view auth_method_name(store::ClientAuth auth) noexcept {
  return std::ranges::find(kAuthMethods, auth, [](const auto& method) { return method.second; })->first;
}

}  // namespace postern::oauth
