#include "config/read/reading.hpp"

#include "config/text/ticked.hpp"
#include "http/url/target.hpp"
#include "http/url/url.hpp"

namespace postern::config {
namespace {

// Pages of the gateway's own, on every host it answers for.
constexpr std::string_view kOwnPages[] = {"/login", "/logout", "/account", "/.well-known"};

}  // namespace

void Reading::finish(MapReader& reader, std::string_view path) {
  reader.finish();
  keys[std::string(path)].insert(reader.known().begin(), reader.known().end());
}

void Reading::warn(const Position& at, const std::string& sentence) {
  config.warnings.push_back(to_string(at) + ": " + sentence);
}

std::string not_yet(std::string_view what, std::string_view instead) {
  return ticked(what) + " is not supported yet: " + std::string(instead);
}

std::string readable_file(Reading& reading, const Text& text, std::string_view key) {
  auto path = resolve_path(text.at.file, text.value);
  if (!reading.to_run) return path;
  if (const auto read = reading.sources.file(path); !read) {
    reading.faults.add(
        text.at, "cannot read the file that " + ticked(key) + " names, " + text.written + ": " + read.error().what);
  }
  return path;
}

std::string without_slash(std::string_view path) {
  if (path.ends_with('/')) path.remove_suffix(1);
  return std::string(path);
}

std::string path_refusal(std::string_view path) {
  if (const auto fault = http::path_fault(path); !fault.empty()) return "is no path to serve: " + std::string(fault);
  for (const auto page : kOwnPages) {
    if (path.starts_with(page) && (path.size() == page.size() || path[page.size()] == '/')) {
      return "lies under " + ticked(page) + ", where the gateway's own pages are: choose another path";
    }
  }
  return {};
}

std::optional<AddressParts> public_address(Reading& reading, const Text& text, std::string_view key) {
  const auto refuse = [&](const std::string& why) {
    // A password in the URL is no reason to print it.
    const bool shown = text.value.find('@') == std::string::npos;
    reading.faults.add(text.at, ticked(key) + " " + (shown ? text.written + " " : "") + why);
    return std::nullopt;
  };
  if (const auto why = tenant_part_fault(text.value); !why.empty()) return refuse(std::string(why));
  const auto url = http::parse_url(with_tenant(text.value, stand_in_for(text.value)));
  if (!url) return refuse("is no absolute URL such as https://mcp.example.test/mcp");
  if (url->scheme != "https" && url->scheme != "http") return refuse("must begin with https://");
  if (url->has_userinfo) return refuse("must not hold a user name or password");
  if (url->has_query || url->has_fragment) return refuse("must not hold a query (?) or fragment (#)");
  if (url->scheme == "http" && !url->is_loopback()) {
    return refuse("must begin with https://: http:// is for localhost, 127.0.0.1 and [::1] only");
  }
  // Clients compare addresses byte by byte with what they were given, so only one spelling may be published.
  auto parts = address_parts(text.value);
  if (const auto canonical = parts->origin + parts->path; canonical != text.value) {
    return refuse(text.filled ? "must be written in lower case and without the default port"
                              : "must be written as " + ticked(canonical));
  }
  if (const auto why = url->path.empty() ? "" : path_refusal(url->path); !why.empty()) return refuse(why);
  return parts;
}

}  // namespace postern::config
