#include "app/commands/doctor/steps/steps_resource.hpp"

#include "app/commands/doctor/positions.hpp"
#include "base/strings.hpp"

namespace postern::app::doctor {

namespace {

constexpr auto* kMissing =
    "serve the protected resource metadata here; a proxy in front must pass /.well-known/ on as it is";

}  // namespace

// RFC 9728 section 3: where the challenge says, else before the path, else at the root.
Finding check_resource_metadata(Walk& walk) {
  auto positions = resource_metadata_positions(walk.url);
  if (walk.metadata_url) positions.insert(positions.begin(), *walk.metadata_url);
  std::optional<Finding> first;
  for (const auto& at : positions) {
    auto judged = judge_document(walk.get(at), at, kMissing);
    if (auto* document = std::get_if<nlohmann::json>(&judged)) {
      walk.resource = std::move(*document);
      return first ? *std::move(first) : ok(at);
    }
    if (!first) first = std::get<Finding>(std::move(judged));
  }
  return *std::move(first);
}

// The same document where clients look that were told nothing, or do not listen.
Finding check_resource_position(Walk& walk) {
  if (!walk.resource) return skipped("there is no protected resource metadata");
  const auto positions = resource_metadata_positions(walk.url);
  const auto& at = positions.front();
  const auto judged = judge_document(walk.get(at), at, kMissing);
  if (const auto* document = std::get_if<nlohmann::json>(&judged)) {
    if (*document == *walk.resource) return ok(at);
    return failed("path_differs", at + " says something else than the document that the challenge names",
                  "one document in both places", "remove the older of the two: clients take either");
  }
  auto finding = std::get<Finding>(judged);
  if (finding.fault == "missing") {
    finding.fault = "path_missing";
    finding.mend = "serve it before the path too, and let the proxy in front pass " + at +
                   ": Claude and others look there, not at the root alone";
  }
  return finding;
}

// RFC 9728 section 3.3: what was typed, byte for byte.
Finding judge_resource(const std::string& published, const std::string& typed) {
  const auto seen = "resource is " + (published.empty() ? std::string("not there") : published);
  const auto is_wrong = [&](const char* fault, const std::string& mend) { return failed(fault, seen, typed, mend); };
  if (published == typed) return ok(published);
  if (published.empty()) return is_wrong("resource_missing", "publish `resource`: clients refuse metadata without it");
  if (without_slash(published) == without_slash(typed)) {
    return is_wrong("resource_slash",
                    "give clients the URL exactly as `resource` has it, or write `serve` as it is typed");
  }
  const auto a = http::parse_url(published);
  const auto b = http::parse_url(typed);
  if (!a || !b) return is_wrong("resource_unusable", "publish the public URL as `resource`");
  if (a->to_string() == b->to_string()) return ok(published);
  if (a->host != b->host) {
    return is_wrong("resource_host", "write the public host into `serve`, or give clients the URL that is published");
  }
  if (a->scheme != b->scheme) {
    return is_wrong("resource_scheme",
                    "write the public scheme into `serve`; behind a proxy that ends TLS the listener needs "
                    "`behind_proxy: true` and `trusted_proxies`");
  }
  if (a->port != b->port)
    return is_wrong("resource_port", "write the public port into `serve`, not that of the listener");
  return is_wrong("resource_path", "write the public path into `serve`; a proxy in front must not cut or add a prefix");
}

Finding check_resource(Walk& walk) {
  if (!walk.resource) return skipped("there is no protected resource metadata");
  return judge_resource(text_of(*walk.resource, "resource"), walk.typed);
}

Finding check_scopes(Walk& walk) {
  if (!walk.resource) return skipped("there is no protected resource metadata");
  const auto scopes = walk.resource->find("scopes_supported");
  const std::string mend = "give the policy `default_scopes`: clients without a challenge at hand ask for these";
  const std::string expected = "the scopes to ask for";
  if (scopes == walk.resource->end() || !scopes->is_array()) {
    return failed("scopes_missing", "no scopes_supported", expected, mend);
  }
  if (scopes->empty()) return failed("scopes_empty", "scopes_supported is empty", expected, mend);
  if (lists(*walk.resource, "scopes_supported", "offline_access")) {
    return note("scopes_offline", "scopes_supported holds offline_access",
                "leave it to the authorization server: it is no scope of this resource");
  }
  return ok(words_of(*scopes));
}

// RFC 9728 section 2, and MCP: at least one; clients take the first.
Finding check_authorization_server(Walk& walk) {
  if (!walk.resource) return skipped("there is no protected resource metadata");
  const auto servers = walk.resource->find("authorization_servers");
  if (servers == walk.resource->end() || !servers->is_array() || servers->empty() || !servers->front().is_string()) {
    return failed("no_authorization_server", "authorization_servers names none", "at least one issuer",
                  "name the authorization server in the resource's metadata");
  }
  walk.issuer_text = servers->front().get<std::string>();
  const auto url = http::parse_url(walk.issuer_text);
  if (!url || !url->has_authority || url->has_query || url->has_fragment) {
    return failed("issuer_unusable", walk.issuer_text, "an https:// URL without query and fragment",
                  "write the issuer as a URL");
  }
  if (url->scheme == "http" && walk.url.scheme == "https") {
    return failed("issuer_plain", walk.issuer_text, "an https:// URL", "write the public URL into `issuer`");
  }
  walk.issuer = *url;
  if (!walk.wanted_issuer.empty() && walk.issuer_text != walk.wanted_issuer) {
    return failed("wrong_server", walk.issuer_text, walk.wanted_issuer,
                  "an older configuration is still served somewhere: bring every replica and proxy up to date");
  }
  return ok(walk.issuer_text);
}

}  // namespace postern::app::doctor
