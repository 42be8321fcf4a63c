#include "runtime/header_template.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "http/message.hpp"

namespace postern::runtime {
namespace {

std::string lookup(std::string_view name, const token::Principal& p, std::string_view resource_url) {
  const auto colon = p.user.find(':');
  if (name == "tenant.handle") return p.tenant;
  if (name == "tenant.name") return p.tenant_name;
  if (name == "tenant.plan") return p.plan;
  if (name == "user.key") return p.user;
  if (name == "user.provider") return p.user.substr(0, colon);
  if (name == "user.subject") return colon == std::string::npos ? p.user : p.user.substr(colon + 1);
  if (name == "user.name") return p.user_name;
  if (name == "user.email") return p.user_email;
  if (name == "role") return p.role;
  if (name == "scopes") return join(p.scopes, " ");
  if (name == "client.id") return p.client;
  if (name == "client.name") return p.client_name;
  if (name == "grant.id") return p.grant;
  if (name == "resource") return std::string(resource_url);
  return {};
}

// Parts that people choose may hold any text, header values only ASCII (RFC 9110 section 5.5): what is none goes as
// percent-encoded UTF-8 (RFC 3986 section 2.1), and so does "%", so that two texts never become one. URLs are in that
// form already. Control characters stay, for the whole value to be refused.
std::string in_ascii(std::string_view name, std::string text) {
  const bool is_plain =
      std::ranges::all_of(text, [](char c) { return c != '%' && static_cast<unsigned char>(c) < 0x80; });
  if (is_plain || name == "resource" || name == "client.id" || !is_valid_utf8(text)) return text;
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c != '%' && byte < 0x80) {
      out += c;
    } else {
      out.append({'%', digits[byte >> 4U], digits[byte & 15U]});
    }
  }
  return out;
}

}  // namespace

HeaderTemplate::HeaderTemplate(std::string_view text) {
  while (!text.empty()) {
    const auto open = text.find('{');
    const auto close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) break;
    if (open > 0) pieces_.push_back({std::string(text.substr(0, open)), false, {}});
    const auto inside = text.substr(open + 1, close - open - 1);
    const auto bar = inside.find('|');
    Piece piece{std::string(inside.substr(0, bar)), true, {}};
    if (bar != std::string_view::npos) piece.fallback = std::string(inside.substr(bar + 1));
    pieces_.push_back(std::move(piece));
    text.remove_prefix(close + 1);
  }
  if (!text.empty()) pieces_.push_back({std::string(text), false, {}});
}

Result<std::string> HeaderTemplate::render(const token::Principal& principal, std::string_view resource_url) const {
  std::string out;
  for (const auto& piece : pieces_) {
    if (!piece.placeholder) {
      out += piece.text;
      continue;
    }
    auto value = in_ascii(piece.text, lookup(piece.text, principal, resource_url));
    if (value.empty() && !piece.fallback) return fail(Errc::invalid, "{" + piece.text + "} has no value");
    out += value.empty() ? *piece.fallback : value;
  }
  if (!http::is_field_value(out)) return fail(Errc::invalid, "the value is no legal header value");
  return out;
}

}  // namespace postern::runtime
