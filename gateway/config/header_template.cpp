#include <algorithm>

#include "base/strings.hpp"
#include "config/forms.hpp"
#include "http/characters.hpp"

namespace postern::config {
namespace {

// Known to whoever fills the templates in; a placeholder outside this list would never get a value.
constexpr std::string_view kPlaceholders[] = {"tenant.handle", "tenant.name", "tenant.plan", "user.key", "user.subject",
                                              "user.provider", "user.name",   "user.email",  "role",     "scopes",
                                              "client.id",     "client.name", "grant.id",    "resource"};

// RFC 9110 sections 7.6.1 and 6.4: bound to one connection or to the framing of one message.
constexpr std::string_view kFraming[] = {"connection",
                                         "content-encoding",
                                         "content-length",
                                         "expect",
                                         "host",
                                         "http2-settings",
                                         "keep-alive",
                                         "max-forwards",
                                         "proxy-authenticate",
                                         "proxy-authorization",
                                         "proxy-connection",
                                         "te",
                                         "trailer",
                                         "transfer-encoding",
                                         "upgrade"};

// Passed on from the client, or part of the MCP transport.
constexpr std::string_view kPassedOn[] = {"accept",      "accept-encoding", "content-type", "last-event-id",
                                          "traceparent", "tracestate",      "user-agent"};

template <std::size_t N>
bool contains(const std::string_view (&list)[N], std::string_view word) noexcept {
  return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

bool is_printable(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

}  // namespace

std::string_view header_name_fault(std::string_view name) {
  if (name.empty() || name.size() > 128) return "must have 1 to 128 characters";
  if (name.find('_') != std::string_view::npos) return "must not hold `_`, which servers confuse with `-`";
  if (!http::all_of(name, http::character::kFieldName)) return "is not a legal header name";
  const auto lower = ascii_lower(name);
  if (contains(kFraming, lower)) return "frames the message or belongs to the connection: the gateway sets it itself";
  if (contains(kPassedOn, lower) || lower.starts_with("mcp-")) {
    return "is the client's own and is passed on as it came: choose another name";
  }
  return {};
}

std::string_view header_template_fault(std::string_view text) noexcept {
  if (!is_printable(text)) return "may hold printable ASCII characters only";
  if (text.starts_with(' ') || text.ends_with(' ')) return "must not begin or end with a blank";
  while (!text.empty()) {
    const auto brace = text.find_first_of("{}");
    if (brace == std::string_view::npos) return {};
    if (text[brace] == '}') return "has a `}` without its `{`";
    const auto end = text.find_first_of("{}", brace + 1);
    if (end == std::string_view::npos || text[end] == '{') return "has a `{` without its `}`";
    const auto inside = text.substr(brace + 1, end - brace - 1);
    if (!contains(kPlaceholders, inside.substr(0, inside.find('|')))) {
      return "names a placeholder that does not exist: there are {tenant.handle}, {tenant.name}, {tenant.plan}, "
             "{user.key}, {user.subject}, {user.provider}, {user.name}, {user.email}, {role}, {scopes}, {client.id}, "
             "{client.name}, {grant.id} and {resource}, each with |default at will";
    }
    text.remove_prefix(end + 1);
  }
  return {};
}

}  // namespace postern::config
