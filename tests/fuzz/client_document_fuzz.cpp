// One input is read as a client's metadata document, as what its client_id may be, and as headers that say how long it
// is kept.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/header/freshness.hpp"
#include "http/url/url.hpp"
#include "http/wire/head.hpp"
#include "oauth/clients/client_document.hpp"
#include "oauth/redirect_uri.hpp"
#include "require.hpp"

namespace {

using namespace postern;

constexpr std::string_view kUrl = "https://app.example.test/oauth/client.json";

void read_as_document(std::string_view input) {
  const auto client = oauth::read_client_document(input, kUrl, {});
  if (!client) {
    require(client.error().error == "invalid_client", "a document is refused as invalid_client");
    require(!client.error().description.empty(), "a refusal says why");
    return;
  }
  require(client->id == kUrl, "a client is named by its URL");
  const bool signs = client->auth == store::ClientAuth::private_key_jwt;
  require((client->auth == store::ClientAuth::none || signs) && client->secret_hash.empty(), "it has no secret");
  require(!signs || client->jwks.empty() != client->jwks_uri.empty(), "one that signs has keys, from one place");
  require(!client->name.empty(), "a client has a name");
  require(!client->redirect_uris.empty(), "a client has a redirect URI");
  for (const auto& uri : client->redirect_uris) {
    require(!oauth::redirect_uri_fault(uri), "no redirect URI that may not be registered");
  }
  require(!oauth::read_client_document(input, "https://app.example.test/oauth/client.jso", {}),
          "a document is of one URL alone");
}

void read_as_url(std::string_view input) {
  if (oauth::document_url_fault(input)) return;
  const auto url = http::parse_url(input);
  require(url.has_value() && url->scheme == "https", "a document is at https");
  require(url->to_string() == input, "a document's URL is canonical");
  require(!url->has_userinfo && !url->has_fragment && url->path.size() > 1, "a document's URL is plain");
}

void read_as_headers(std::string_view input) {
  const std::string head = "HTTP/1.1 200 OK\r\nCache-Control: " + std::string(input.substr(0, input.find('\n'))) +
                           "\r\nContent-Length: 0\r\n\r\n";
  const auto read = http::scan_response_head(head, "GET", {});
  if (!read) return;
  const auto lifetime = http::freshness_lifetime(read->fields, Time{});
  require(!lifetime || lifetime->count() >= 0, "a lifetime is never negative");
  (void)http::parse_http_date(input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  read_as_document(input);
  read_as_url(input);
  read_as_headers(input);
  return 0;
}
