// URLs, forms, cookies and media types: every input is taken as each of them. What is accepted and written again must
// be read as the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/encoding.hpp"
#include "http/authority.hpp"
#include "http/cookie.hpp"
#include "http/form.hpp"
#include "http/media_type.hpp"
#include "http/url.hpp"
#include "require.hpp"

namespace {

using namespace postern;
using namespace postern::http;

void check_url(std::string_view input) {
  const auto url = parse_url(input);
  if (const auto resource = canonical_resource(input)) {
    require(url.has_value(), "a resource is a URL");
    require(canonical_resource(*resource) == resource, "the canonical form is its own canonical form");
    require(canonical_resource(*resource + "#") == std::nullopt, "a fragment has no canonical form");
  }
  if (!url) return;
  for (const char c : input) require(c > 0x20 && c < 0x7F && c != '\\', "a URL is visible ASCII without backslash");
  const auto again = parse_url(url->to_string());
  require(again && again->to_string() == url->to_string(), "a URL printed is read as the same");
  require(again->host == url->host && again->port == url->port && again->path == url->path, "with the same parts");
  if (url->scheme == "https") {
    const auto authority = url->port.empty() ? url->host : url->host + ":" + url->port;
    require(canonical_authority(authority, true) == authority, "a host in a URL is a host in a field");
  }
}

void check_form(std::string_view input) {
  const auto form = Form::parse(input);
  if (!form) return;
  for (const auto& [name, value] : form->pairs()) {
    require(is_valid_utf8(name) && is_valid_utf8(value), "a form is text");
    require(form->get(name).has_value(), "what is there is found");
  }
  const auto again = Form::parse(encode_form(form->pairs()));
  require(again && again->pairs() == form->pairs(), "a form written is read as the same");
}

void check_percent(std::string_view input) {
  require(percent_decode(percent_encode(input)) == input, "what is encoded is decoded");
}

void check_fields(std::string_view input) {
  Request request;
  request.fields.emplace_back("Cookie", input);
  if (const auto cookie = read_cookie(request, "session", false)) {
    require(!set_cookie("session", *cookie, {}).empty(), "a cookie that was read can be set");
  }
  is_media_type(input, "application/json");
  require(!accepts(input, "application/json") || input.find('/') != std::string_view::npos,
          "a range is needed to accept");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_url(input);
  check_form(input);
  check_percent(input);
  check_fields(input);
  return 0;
}
