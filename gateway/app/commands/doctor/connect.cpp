#include <algorithm>
#include <array>
#include <optional>
#include <ostream>

#include "app/commands.hpp"
#include "app/commands/doctor/options.hpp"
#include "app/commands/doctor/registration.hpp"
#include "app/commands/doctor/report.hpp"
#include "oauth/redirect_uri.hpp"

namespace postern::app {
namespace {

using namespace doctor;

// What must hold before a client is registered, of the doctor's steps.
constexpr std::array<std::string_view, 11> kNeeded{
    "connection",      "challenge", "resource_metadata", "resource", "authorization_server",
    "server_metadata", "issuer",    "endpoints",         "pkce",     "authorization_endpoint",
    "token_endpoint"};

// From here on it is the authorization server that is not as it was named.
bool is_about_server(std::string_view step) {
  return std::ranges::find(kNeeded, step) >= std::ranges::find(kNeeded, "authorization_server");
}

std::string sentence_of(const Finding& finding) {
  return harmless(finding.seen) + "; expected " + harmless(finding.expected) + ". " + harmless(finding.mend);
}

// The sentence of the first step that fails.
std::optional<std::string> discovery_fault(Walk& walk) {
  for (const auto steps : {challenge_steps(), metadata_steps()}) {
    for (const auto& step : steps) {
      if (std::ranges::find(kNeeded, step.id) == kNeeded.end()) continue;
      const auto finding = step.check(walk);
      if (finding.state != State::failed) continue;
      return (is_about_server(step.id) ? "discovery advertises a stale server: " : "discovery fails: ") +
             sentence_of(finding);
    }
  }
  return std::nullopt;
}

std::optional<std::string> usage_fault(const ConnectOptions& options) {
  if (options.redirect_uris.empty()) return "--redirect-uri is required: copy it from the client";
  for (const auto& uri : options.redirect_uris) {
    if (const auto fault = oauth::redirect_uri_fault(uri)) return uri + ": " + *fault;
  }
  return std::nullopt;
}

nlohmann::json summary(const Walk& walk, const Registered& client, const ConnectOptions& options) {
  nlohmann::json out{{"mcp_url", walk.typed},
                     {"authorization_server", walk.issuer_text},
                     {"authorization_endpoint", text_of(*walk.server, "authorization_endpoint")},
                     {"token_endpoint", text_of(*walk.server, "token_endpoint")},
                     {"registration_endpoint", text_of(*walk.server, "registration_endpoint")},
                     {"client_id", client.client_id},
                     {"redirect_uris", client.redirect_uris},
                     {"default_scopes", default_scopes(walk)}};
  if (!client.client_secret.empty()) out["client_secret"] = client.client_secret;
  if (!client.auth_method.empty()) out["token_endpoint_auth_method"] = client.auth_method;
  if (!options.handle.empty()) out["handle"] = options.handle;
  return out;
}

void print_summary(Console& console, const nlohmann::json& what, const ConnectOptions& options) {
  // Whole: what is pasted is of no use cut. The document it comes from has a bound.
  const auto line = [&](const std::string& name, const std::string& value) {
    if (!value.empty()) console.out << name << ": " << harmless(value, {}, value.size()) << '\n';
  };
  line("MCP server URL", text_of(what, "mcp_url"));
  line("Handle", options.gateway ? "picked by the user while authorizing" : options.handle);
  line("Authorization server", text_of(what, "authorization_server"));
  line("Authorization URL", text_of(what, "authorization_endpoint"));
  line("Token URL", text_of(what, "token_endpoint"));
  line("Registration URL", text_of(what, "registration_endpoint"));
  line("client_id", text_of(what, "client_id"));
  line("client_secret", text_of(what, "client_secret"));
  for (const auto& uri : what["redirect_uris"]) line("Redirect URI", uri.get<std::string>());
  line("Default scopes", text_of(what, "default_scopes"));
}

std::string client_name(const ConnectOptions& options) {
  return options.name.empty() ? oauth::redirect_host(options.redirect_uris.front()) : options.name;
}

}  // namespace

int connect_command(const ConnectOptions& options, Console& console) {
  const auto wrong_usage = [&](const std::string& sentence) {
    say_error(console, sentence);
    return kUsage;
  };
  if (const auto fault = usage_fault(options)) return wrong_usage(*fault);
  const auto address = address_for(options);
  if (!address) return wrong_usage(address.error().what);
  const auto url = typed_url(*address, options.insecure_http);
  if (!url) return wrong_usage(url.error().what);
  auto prober = make_prober({.authorities = options.ca, .plain_http = options.insecure_http});
  if (!prober) return say_error(console, "--ca: " + prober.error().what);
  warn_of_plain_http(console, *url);

  Walk walk{.prober = **prober, .typed = *address, .url = *url, .wanted_issuer = options.issuer};
  if (const auto fault = discovery_fault(walk)) return say_error(console, *fault);
  const auto client = register_client(walk, client_name(options), options.redirect_uris);
  if (!client) return say_error(console, harmless(client.error().what));
  if (const auto refused = try_authorization(walk, *client)) {
    return say_error(console, "discovery advertises a stale server: " + sentence_of(*refused));
  }
  const auto what = summary(walk, *client, options);
  if (console.json) {
    print_json(console, what);
  } else {
    print_summary(console, what, options);
  }
  return kDone;
}

}  // namespace postern::app
