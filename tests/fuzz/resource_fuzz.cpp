// Resource indicators. Two that name the same resource have one form, and none names another than it seems to.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/url/target.hpp"
#include "http/url/url.hpp"
#include "require.hpp"

namespace {

using namespace postern;
using namespace postern::http;

void check_form(std::string_view input, const std::string& canonical) {
  const auto url = parse_url(input);
  require(url.has_value(), "a resource is a URL");
  require(url->scheme == "https" || url->scheme == "http", "of the web");
  require(!url->has_userinfo && !url->has_fragment, "without user and fragment");
  require(url->path.empty() || path_fault(url->path).empty(), "whose path can be routed");
  require(canonical.starts_with(url->origin()), "the form keeps scheme, host and port");
  require(canonical.find('#') == std::string::npos, "and has no fragment");
  // Whoever looks for the host by hand finds the same one.
  const auto begin = canonical.find("://") + 3;
  const auto end = canonical.find_first_of("/?", begin);
  const auto authority = canonical.substr(begin, end == std::string::npos ? end : end - begin);
  require(canonical_authority(authority, url->scheme == "https") == authority, "its host is that of a Host field");
}

void check_equals(const std::string& canonical) {
  require(canonical_resource(canonical) == canonical, "the form is its own form");
  require(!canonical_resource(canonical + "#"), "a fragment makes it none");
  require(!canonical_resource(canonical + "\\") && !canonical_resource(canonical + " "), "nor may such bytes be there");
  const auto mark = canonical.find('?');
  const auto path = canonical.substr(0, mark);
  const auto query = mark == std::string::npos ? std::string() : canonical.substr(mark);
  if (!path.ends_with('/'))
    require(canonical_resource(path + "/" + query) == canonical, "one slash at its end is none");
  require(!canonical_resource(path + "//" + query), "two are something else");
  require(!canonical_resource(path + "/../x" + query) && !canonical_resource(path + "/%2e%2E/x" + query),
          "nothing climbs out of it");
  require(!canonical_resource(path + "%2f" + query), "an encoded slash is none");
}

void check_spellings(std::string_view input, const std::string& canonical) {
  const auto colon = input.find(':');
  std::string spelt(input);
  for (std::size_t i = 0; i < colon; ++i) spelt[i] = static_cast<char>(spelt[i] & ~0x20);
  require(canonical_resource(spelt) == canonical, "the scheme is read without case");
  const auto end = std::min(input.find_first_of("/?", colon + 3), input.size());
  for (std::size_t i = colon + 3; i < end; ++i) {
    if (spelt[i] >= 'a' && spelt[i] <= 'z') spelt[i] = static_cast<char>(spelt[i] - 0x20);
  }
  require(canonical_resource(spelt) == canonical, "and so is the host");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto canonical = canonical_resource(input);
  if (!canonical) return 0;
  check_form(input, *canonical);
  check_equals(*canonical);
  check_spellings(input, *canonical);
  return 0;
}
