#include "oauth/clients/client_document.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/strings.hpp"
#include "http/url/authority.hpp"
#include "http/url/target.hpp"
#include "http/url/url.hpp"
#include "mcp/jsonrpc.hpp"
#include "oauth/clients/client_metadata.hpp"
#include "oauth/redirect_uri.hpp"

namespace postern::oauth {
namespace {

using nlohmann::json;

constexpr mcp::JsonLimits kLimits{.depth = 16, .nodes = 2'000};
constexpr std::size_t kMostMethods = 20;

OAuthError bad_document(std::string description) {
  return oauth_error("invalid_client", "The document at client_id cannot be used: " + std::move(description), {}, 401);
}

// Draft section 4.1: the id and the URL the document was fetched from are compared as strings, without any
// normalization.
bool names_itself(const json& document, std::string_view url) {
  const auto id = document.find("client_id");
  return id != document.end() && id->is_string() && id->get_ref<const std::string&>() == url;
}

bool has_name(const json& document) {
  const auto name = document.find("client_name");
  return name != document.end() && name->is_string() && !trim(name->get_ref<const std::string&>()).empty();
}

// Draft section 4.1: whoever can read the document would know the secret.
bool holds_secret(const json& document) {
  return present_member(document, "client_secret") != nullptr ||
         present_member(document, "client_secret_expires_at") != nullptr;
}

// The methods that the client may use: those of its list, which some publish beside the one they prefer (OpenID Connect
// Relying Party Metadata Choices), and the preferred one. Absent means `none`: the default of RFC 7591 is a secret,
// which such a client cannot have.
std::optional<std::vector<std::string>> auth_methods(const json& document) {
  std::vector<std::string> methods;
  if (const json* list = present_member(document, "token_endpoint_auth_methods_supported")) {
    if (!list->is_array() || list->size() > kMostMethods) return std::nullopt;
    for (const json& method : *list) {
      if (!method.is_string()) return std::nullopt;
      methods.push_back(method.get<std::string>());
    }
  }
  if (const json* preferred = present_member(document, "token_endpoint_auth_method")) {
    if (!preferred->is_string()) return std::nullopt;
    methods.push_back(preferred->get<std::string>());
  }
  if (methods.empty()) methods.emplace_back("none");
  return methods;
}

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::ranges::find(list, value) != list.end();
}

// RFC 3986 section 3.2.2 takes "0x7f.1" for a name, and whoever looks it up for an address; a dot at the end is one
// more name for the same host.
bool names_host_plainly(std::string_view host) {
  const std::string_view last = host.substr(host.rfind('.') + 1);
  if (last.empty()) return false;
  const bool numeric = last.front() >= '0' && last.front() <= '9';
  return !numeric || http::is_ipv4(host);
}

}  // namespace

// Draft section 3. The canonical spelling beside it, so that one client has one name.
std::optional<std::string> document_url_fault(std::string_view client_id) {
  if (client_id.size() > store::kLongestClientUrl) return "A client_id that is a URL must have 512 characters at most.";
  const auto url = http::parse_url(client_id);
  if (!url || url->scheme != "https") return "A client_id that is a URL must be an absolute https URL.";
  if (url->has_fragment) return "A client_id that is a URL must not have a fragment.";
  if (url->has_userinfo) return "A client_id that is a URL must not hold user information.";
  if (url->path.empty() || url->path == "/") return "A client_id that is a URL must have a path.";
  if (!http::path_fault(url->path).empty()) {
    return "A client_id that is a URL must have a plain path, without dot segments and encoded separators.";
  }
  if (!names_host_plainly(url->host)) return "A client_id that is a URL must name its host plainly.";
  if (url->to_string() != client_id) {
    return "A client_id that is a URL must be written in lower case up to its path, without the default port.";
  }
  return std::nullopt;
}

bool documents_trusted_from(std::string_view client_id, const config::Registration& registration) {
  if (!registration.metadata_documents) return false;
  const auto& domains = registration.metadata_document_domains;
  return !domains || redirect_domain_allowed(client_id, *domains);
}

Result<store::Client, OAuthError> read_client_document(std::string_view text, std::string_view url,
                                                       const config::Registration& registration) {
  auto document = mcp::parse_json(text, kLimits);
  if (!document || !document->is_object()) return bad_document("it is no JSON object, or has a member twice.");
  if (!names_itself(*document, url)) return bad_document("its client_id is not the URL it is at, byte for byte.");
  if (!has_name(*document)) return bad_document("client_name is missing.");
  if (holds_secret(*document)) return bad_document("it must not hold a client_secret.");
  const auto methods = auth_methods(*document);
  if (!methods) return bad_document("its token_endpoint_auth_method or the list of them has the wrong form.");
  const bool open = contains(*methods, "none");
  const bool signs = contains(*methods, "private_key_jwt");
  if (!open && !signs) {
    return bad_document(
        "token_endpoint_auth_method must be none or private_key_jwt, or a list must offer one of them.");
  }
  (*document)["token_endpoint_auth_method"] = open ? "none" : "private_key_jwt";
  auto read = read_client_metadata(*document, registration);
  if (!read) return bad_document(read.error().description);
  store::Client client = std::move(read->client);
  client.id = url;
  if (!signs) client.jwks = client.jwks_uri = "";
  return client;
}

}  // namespace postern::oauth
