#include "policy/resource_uri.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "policy/authority.hpp"
#include "policy/percent.hpp"

namespace postern::policy {
namespace {

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

// A separator or a second layer of encoding changes what the URI means once somebody decodes it.
bool has_fatal_byte(std::string_view uri) {
  for (std::size_t i = 0; i < uri.size(); ++i) {
    if (is_control(uri[i]) || uri[i] == ' ' || uri[i] == '\\') return true;
    if (uri[i] != '%') continue;
    const auto byte = escaped_byte(uri, i);
    if (!byte || *byte == '/' || *byte == '\\' || *byte == '%' || is_control(*byte)) return true;
  }
  return false;
}

// A reader may end a segment at its parameters (`..;x`), and one that takes the URI for a file name looks for dot
// segments behind `?` and `#` as well.
bool has_dot_segment(std::string_view text) {
  const auto segments = split(text, '/');
  return std::any_of(segments.begin(), segments.end(), [](std::string_view segment) {
    const auto name = segment.substr(0, segment.find_first_of(";?#"));
    return name == "." || name == "..";
  });
}

// RFC 3986 section 3.2: `/`, `?` and `#` end the authority, so that one of them as an escape moves its end for a reader
// that decodes first.
bool has_certain_authority(std::string_view uri, const UriParts& decoded) {
  const auto written = uri_parts(uri);
  return written && written->authority && percent_decoded(*written->authority) == *decoded.authority &&
         plain_authority(decoded.scheme, *decoded.authority).has_value();
}

// Readers drop a fragment, and of `file:` also a query; they rewrite a drive's `|` to `:`. Only what is not encoded
// counts.
bool has_what_readers_drop(std::string_view uri, std::string_view scheme) {
  return uri.find_first_of(scheme == "file" ? "|?#" : "#") != std::string_view::npos;
}

std::optional<std::string_view> special_fault(std::string_view uri, const UriParts& parts) {
  if (!parts.authority || !parts.rest.starts_with('/') || has_what_readers_drop(uri, parts.scheme) ||
      (parts.scheme == "file" && parts.rest.find("//") != std::string_view::npos)) {
    return "a URI of this scheme has two slashes, a path of single slashes and no fragment, and of `file:` no query";
  }
  if (plain_authority(parts.scheme, *parts.authority) == *parts.authority) return std::nullopt;
  if (parts.scheme == "file") return "a file: URI must not name a host: write file:///path";
  return "the URI has a second spelling: write its host in lower case, without user information, default port or dot "
         "at the end, and an address in its usual form";
}

}  // namespace

std::optional<std::string_view> uri_fault(std::string_view uri) {
  if (has_fatal_byte(uri))
    return "a resource URI must not hold blanks, backslashes, control bytes or broken escapes, nor escapes of "
           "separators and of percent signs";
  const auto plain = percent_decoded(uri);
  if (!is_valid_utf8(plain)) return "a resource URI must be UTF-8 once its escapes are decoded";
  if (has_dot_segment(plain))
    return "a resource URI must not hold dot segments (. and ..): write the path without them";
  const auto parts = uri_parts(plain);
  if (!parts) return std::nullopt;
  if (ascii_lower(parts->scheme) != parts->scheme) return "the scheme of a resource URI is in lower case";
  if (is_special_scheme(parts->scheme)) return special_fault(uri, *parts);
  if (parts->authority && !has_certain_authority(uri, *parts))
    return "the URI does not say for certain which host it means: write one in ASCII, with at most one @ in front";
  return std::nullopt;
}

}  // namespace postern::policy
