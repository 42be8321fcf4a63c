#include "idp/provider_metadata.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "http/url/url.hpp"

namespace postern::idp {
namespace {

using nlohmann::json;

constexpr std::string_view kOpenId = "/.well-known/openid-configuration";
constexpr std::string_view kOAuth = "/.well-known/oauth-authorization-server";
constexpr JsonLimits kLimits{.depth = 16, .nodes = 10'000};

// Empty where there is none; nullopt where it may not be asked.
std::optional<std::string> address_of(const json& document, const char* name) {
  const auto member = document.find(name);
  if (member == document.end()) return std::string();
  const auto* text = member->get_ptr<const std::string*>();
  const auto url = text == nullptr ? Result<http::Url>(fail(Errc::invalid, "")) : http::parse_url(*text);
  if (!url || url->has_userinfo || url->has_fragment) return std::nullopt;
  if (url->scheme != "https" && !(url->scheme == "http" && url->is_loopback())) return std::nullopt;
  return *text;
}

}  // namespace

Result<ProviderMetadata> read_provider_metadata(std::string_view text, std::string_view issuer) {
  const auto document = read_json(text, kLimits);
  if (!document || !document->is_object()) return fail(Errc::protocol, "the provider's metadata is no JSON object");
  const auto named = document->find("issuer");
  const auto* name = named == document->end() ? nullptr : named->get_ptr<const std::string*>();
  if (name == nullptr || *name != issuer) {
    return fail(Errc::protocol, "the provider's metadata is of another issuer than " + std::string(issuer));
  }
  ProviderMetadata metadata;
  for (auto [member, out] : {std::pair{"authorization_endpoint", &metadata.authorization_endpoint},
                             {"token_endpoint", &metadata.token_endpoint},
                             {"jwks_uri", &metadata.jwks_uri}}) {
    auto address = address_of(*document, member);
    if (!address) return fail(Errc::protocol, std::string(member) + " of the provider's metadata is no https:// URL");
    *out = *std::move(address);
  }
  const auto names = document->find("authorization_response_iss_parameter_supported");
  metadata.names_itself = names != document->end() && names->is_boolean() && names->get<bool>();
  return metadata;
}

std::string discovery_url(std::string_view issuer) {
  if (issuer.ends_with('/')) issuer.remove_suffix(1);
  return std::string(issuer) + std::string(kOpenId);
}

std::string metadata_url(const config::External& external) {
  return external.discovery.empty() ? discovery_url(external.issuer) : external.discovery;
}

std::string other_discovery_url(std::string_view discovery_url) {
  if (!discovery_url.ends_with(kOpenId)) return {};
  const auto issuer = http::parse_url(discovery_url.substr(0, discovery_url.size() - kOpenId.size()));
  if (!issuer) return {};
  return issuer->origin() + std::string(kOAuth) + (issuer->path == "/" ? "" : issuer->path);
}

}  // namespace postern::idp
