#include "http/header/forwarded.hpp"

#include <algorithm>

#include "base/strings.hpp"
#include "http/characters.hpp"

namespace postern::http {
namespace {

// Whether a backslash makes the quote at `at` a part of the text. Backslashes themselves may be escaped.
bool is_escaped(std::string_view text, std::size_t at) noexcept {
  std::size_t backslashes = 0;
  while (backslashes < at && text[at - 1 - backslashes] == '\\') ++backslashes;
  return backslashes % 2 == 1;
}

// RFC 9110 section 5.6.4. Takes the quoted string that `rest` begins with.
std::optional<std::string> take_quoted(std::string_view& rest) {
  std::string text;
  for (std::size_t at = 1; at < rest.size(); ++at) {
    if (rest[at] == '"') {
      rest.remove_prefix(at + 1);
      return text;
    }
    if (rest[at] == '\\') ++at;
    if (at < rest.size()) text += rest[at];
  }
  return std::nullopt;
}

std::string_view take_token(std::string_view& rest) noexcept {
  const auto end = std::ranges::find_if_not(rest, [](char c) { return is(c, character::kToken); });
  const auto token = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  rest.remove_prefix(token.size());
  return token;
}

// RFC 7239 section 4: value = token / quoted-string. Proxies write addresses with colons and brackets without the
// quotes that these need, so a bare value goes on to the next ";".
std::optional<std::string> take_value(std::string_view& rest) {
  if (rest.starts_with('"')) return take_quoted(rest);
  const auto value = trim(rest.substr(0, rest.find(';')));
  if (value.find('"') != std::string_view::npos) return std::nullopt;
  rest.remove_prefix(std::min(rest.find(';'), rest.size()));
  return std::string(value);
}

// Parameters may be empty: ";;for=..." has one.
std::string_view skip_separators(std::string_view text) noexcept {
  text = trim(text);
  while (text.starts_with(';')) text = trim(text.substr(1));
  return text;
}

bool is_port(std::string_view text) noexcept {
  if (text.starts_with('_')) return text.size() > 1 && all_of(text, character::kToken);
  return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, is_digit);
}

}  // namespace

std::string_view take_last_entry(std::optional<std::string_view>& list) noexcept {
  const std::string_view text = *list;
  bool quoted = false;
  for (std::size_t at = text.size(); at-- > 0;) {
    if (text[at] == '"' && !is_escaped(text, at)) {
      quoted = !quoted;
    } else if (text[at] == ',' && !quoted) {
      list = text.substr(0, at);
      return trim(text.substr(at + 1));
    }
  }
  list.reset();
  return trim(text);
}

std::optional<std::string> forwarded_for(std::string_view element) {
  std::optional<std::string> found;
  std::string_view rest = skip_separators(element);
  while (!rest.empty()) {
    const auto name = take_token(rest);
    if (name.empty() || !rest.starts_with('=')) return std::nullopt;
    rest.remove_prefix(1);
    auto value = take_value(rest);
    if (!value) return std::nullopt;
    if (ascii_iequals(name, "for")) {
      if (found) return std::nullopt;
      found = std::move(value);
    }
    rest = trim(rest);
    if (!rest.empty() && !rest.starts_with(';')) return std::nullopt;
    rest = skip_separators(rest);
  }
  return found;
}

std::optional<std::string_view> node_address(std::string_view node) noexcept {
  if (node.size() >= 2 && node.starts_with('"') && node.ends_with('"')) node = node.substr(1, node.size() - 2);
  if (node.starts_with('[')) {
    const auto end = node.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const auto rest = node.substr(end + 1);
    if (!rest.empty() && (!rest.starts_with(':') || !is_port(rest.substr(1)))) return std::nullopt;
    return node.substr(1, end - 1);
  }
  // More than one colon: an IPv6 address without brackets, which has no port.
  const auto colon = node.find(':');
  if (colon == std::string_view::npos || node.find(':', colon + 1) != std::string_view::npos) return node;
  if (!is_port(node.substr(colon + 1))) return std::nullopt;
  return node.substr(0, colon);
}

}  // namespace postern::http
