// URLs, media types and what proxies say of their clients: every input is taken as each of them. What is accepted and
// written again must be read as the same.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/header/forwarded.hpp"
#include "http/header/media_type.hpp"
#include "http/url/authority.hpp"
#include "http/url/url.hpp"
#include "require.hpp"

namespace {

using namespace postern;
using namespace postern::http;

void check_url(std::string_view input) {
  const auto url = parse_url(input);
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

void check_types(std::string_view input) {
  is_media_type(input, "application/json");
  require(!accepts(input, "application/json") || input.find('/') != std::string_view::npos,
          "a range is needed to accept");
}

// Whatever a client wrote at the left: the entry that a proxy appends is read as it stands alone.
void check_forwarded(std::string_view input) {
  constexpr std::string_view entry = "for=\"[2001:db8::9]:443\";proto=https";
  const auto text = std::string(input) + ", " + std::string(entry);
  std::optional<std::string_view> list = text;
  require(take_last_entry(list) == entry && list == input, "an appended entry is the last one");
  std::size_t entries = 0;
  for (list = input; list; ++entries) {
    const auto node = forwarded_for(take_last_entry(list));
    const auto address = node ? node_address(*node) : std::nullopt;
    require(!address || address->size() <= node->size(), "an address is a part of its node");
  }
  require(entries <= input.size() + 1, "a comma ends each entry");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_url(input);
  check_types(input);
  check_forwarded(input);
  return 0;
}
