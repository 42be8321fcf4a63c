#include "server/header_template.hpp"

#include "base/strings.hpp"
#include "http/message.hpp"

namespace postern::server {
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
    auto value = lookup(piece.text, principal, resource_url);
    if (value.empty() && !piece.fallback) return fail(Errc::invalid, "{" + piece.text + "} has no value");
    out += value.empty() ? *piece.fallback : value;
  }
  if (!http::is_field_value(out)) return fail(Errc::invalid, "the value is no legal header value");
  return out;
}

}  // namespace postern::server
