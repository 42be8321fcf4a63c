#include "upstream/duplex/channels/endpoint.hpp"

#include "http/url/target.hpp"
#include "http/url/url.hpp"

namespace postern::upstream {

namespace {

Error refuse(std::string_view why) { return fail(Errc::protocol, "its endpoint event " + std::string(why)); }

// RFC 3986 section 4.2: a reference that begins with a scheme is no relative one.
bool has_scheme(std::string_view reference) {
  const auto colon = reference.find(':');
  return colon != std::string_view::npos && colon < reference.find_first_of("/?#");
}

}  // namespace

Result<std::string> resolve_endpoint(std::string_view stream_url, std::string_view reference) {
  const auto base = http::parse_url(stream_url);
  if (!base) return refuse("belongs to no stream");
  std::string text(reference.substr(0, reference.find('#')));
  if (text.empty()) return refuse("names nothing");
  const std::string path = base->path.empty() ? "/" : base->path;
  if (text.starts_with("//")) {
    text.insert(0, base->scheme + ":");
  } else if (text.front() == '/') {
    text.insert(0, base->origin());
  } else if (text.front() == '?') {
    text.insert(0, base->origin() + path);
  } else if (!has_scheme(text)) {
    text.insert(0, base->origin() + path.substr(0, path.rfind('/') + 1));
  }
  const auto url = http::parse_url(text);
  if (!url || url->has_userinfo) return refuse("names no address");
  if (url->origin() != base->origin()) return refuse("names another server than the stream's own");
  const std::string target = url->path.empty() ? "/" : url->path;
  if (!http::path_fault(target).empty()) return refuse("names a path that cannot be sent");
  return url->has_query ? target + "?" + url->query : target;
}

}  // namespace postern::upstream
