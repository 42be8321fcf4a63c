#include "app/commands/doctor/registration.hpp"

#include <algorithm>

#include "app/commands/doctor/messages.hpp"
#include "base/encoding.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "http/form.hpp"

namespace postern::app::doctor {
namespace {

// What the server takes, the least that has to be pasted first.
std::string auth_method(const nlohmann::json& server) {
  for (const auto* method : {"none", "client_secret_post", "client_secret_basic"}) {
    if (lists(server, "token_endpoint_auth_methods_supported", method)) return method;
  }
  return "client_secret_basic";  // RFC 8414 section 2
}

std::string refusal_of(const Answer& answer) {
  const auto body = read_json(answer.body);
  std::string words = status_line(answer);
  if (!body || !body->is_object()) return words;
  for (const auto* member : {"error", "error_description"}) {
    if (const auto text = text_of(*body, member); !text.empty()) words += ", " + text;
  }
  return words;
}

std::string authorization_url(const Walk& walk, const Registered& client) {
  const auto endpoint = text_of(*walk.server, "authorization_endpoint");
  std::vector<std::pair<std::string, std::string>> parameters{
      {"response_type", "code"},
      {"client_id", client.client_id},
      {"redirect_uri", client.redirect_uris.front()},
      {"code_challenge", base64url_encode(crypto::sha256_string(crypto::random_token()))},
      {"code_challenge_method", "S256"},
      {"state", crypto::random_token(12)},
      {"resource", text_of(*walk.resource, "resource")}};
  if (const auto scopes = default_scopes(walk); !scopes.empty()) parameters.emplace_back("scope", scopes);
  return endpoint + (endpoint.find('?') == std::string::npos ? "?" : "&") + http::encode_form(parameters);
}

// RFC 6749 section 4.1.2.1: what the client is told at its redirect URI. Empty: nothing.
std::string told_by_redirect(const std::string& location) {
  const auto form = http::Form::parse(std::string_view(location).substr(location.find('?') + 1));
  return form ? form->get_or_empty("error") : "";
}

// Where nobody is signed in, a server need not redirect to what a client registered by itself (RFC 9700 section
// 4.11.2). Then its answer names the error: the page of the gateway in an element of its own, others in JSON.
std::string told_by_page(const std::string& body) {
  if (const auto json = read_json(body); json && json->is_object()) return text_of(*json, "error");
  constexpr std::string_view before = R"(<code id="error">)";
  const auto start = body.find(before);
  const auto end = start == std::string::npos ? start : body.find('<', start + before.size());
  if (end == std::string::npos) return {};
  return body.substr(start + before.size(), end - start - before.size());
}

Finding judge_error(const std::string& error) {
  const auto seen = "the authorization endpoint answers " + (error.empty() ? std::string("with a redirect") : error);
  if (error == "invalid_target") {
    return failed("invalid_target", seen, "a sign-in page",
                  "the authorization server does not know this resource: bring it up to date with the configuration "
                  "that serves it");
  }
  return failed(error.empty() ? "refused" : error, seen, "a sign-in page",
                "the authorization server does not take what its own metadata asks for: bring both up to date");
}

}  // namespace

nlohmann::json registration_request(const nlohmann::json& server, const std::string& name,
                                    const std::vector<std::string>& redirect_uris) {
  const bool web = std::ranges::all_of(redirect_uris, [](const auto& uri) { return uri.starts_with("https:"); });
  auto grants = nlohmann::json::array({"authorization_code"});
  const auto offered = server.find("grant_types_supported");
  if (offered == server.end() || lists(server, "grant_types_supported", "refresh_token"))
    grants.push_back("refresh_token");
  return {{"client_name", name},
          {"redirect_uris", redirect_uris},
          {"token_endpoint_auth_method", auth_method(server)},
          {"grant_types", std::move(grants)},
          {"response_types", {"code"}},
          {"application_type", web ? "web" : "native"}};
}

Result<Registered> read_registration(const Answer& answer, const std::vector<std::string>& redirect_uris) {
  if (answer.status != 201 && answer.status != 200) {
    return fail(Errc::denied, "the server registers no client: " + refusal_of(answer));
  }
  const auto body = read_json(answer.body);
  if (!body || !body->is_object() || text_of(*body, "client_id").empty()) {
    return fail(Errc::protocol, "the registration endpoint answers " + status_line(answer) + " without a client_id");
  }
  Registered client{.client_id = text_of(*body, "client_id"),
                    .client_secret = text_of(*body, "client_secret"),
                    .auth_method = text_of(*body, "token_endpoint_auth_method")};
  for (const auto& uri : redirect_uris) {
    if (body->contains("redirect_uris") && !lists(*body, "redirect_uris", uri)) {
      return fail(Errc::denied, "the server did not register the redirect URI " + uri +
                                    ": its operator has to allow the host or scheme with "
                                    "`registration: {redirect_domains: [...]}`");
    }
    client.redirect_uris.push_back(uri);
  }
  return client;
}

Result<Registered> register_client(Walk& walk, const std::string& name, const std::vector<std::string>& redirect_uris) {
  const auto url = text_of(*walk.server, "registration_endpoint");
  if (url.empty()) {
    return fail(Errc::denied,
                "registration is closed: set `registration: {dynamic: open}`, or use `postern client add` beside the "
                "store");
  }
  auto ask = post_of(url, registration_request(*walk.server, name, redirect_uris));
  ask.headers.set("Accept", "application/json");
  const auto answer = walk.prober.ask(ask);
  if (!answer.came()) return fail(Errc::unavailable, "nobody answers at " + url + ": " + answer.why);
  return read_registration(answer, redirect_uris);
}

std::string default_scopes(const Walk& walk) {
  if (!walk.challenge_scope.empty() || !walk.resource) return walk.challenge_scope;
  const auto scopes = walk.resource->find("scopes_supported");
  return scopes != walk.resource->end() && scopes->is_array() ? words_of(*scopes) : "";
}

std::optional<Finding> try_authorization(Walk& walk, const Registered& client) {
  const auto url = authorization_url(walk, client);
  const auto answer = walk.prober.ask({.url = url});
  const auto endpoint = text_of(*walk.server, "authorization_endpoint");
  if (!answer.came()) return judge_trouble(answer, endpoint);
  const auto location = std::string(answer.header("Location"));
  if (answer.status >= 300 && answer.status < 400) {
    if (!location.starts_with(client.redirect_uris.front())) return std::nullopt;
    return judge_error(told_by_redirect(location));
  }
  if (answer.status < 300) return std::nullopt;
  const auto error = told_by_page(answer.body);
  const bool told = answer.status < 500 && !error.empty() && error != "invalid_client";
  if (told) return judge_error(error);
  return failed("refused", endpoint + ": " + status_line(answer), "a sign-in page",
                "the authorization server does not know the client that its own registration endpoint made: the two "
                "are not of one server");
}

}  // namespace postern::app::doctor
