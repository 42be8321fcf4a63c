#include "http/header/media_type.hpp"

#include <algorithm>

#include "base/strings.hpp"
#include "http/characters.hpp"

namespace postern::http {
namespace {

// Takes the text before `separator`, which does not count inside quotes, off the front of `rest`.
std::string_view take_until(std::string_view& rest, char separator) noexcept {
  bool quoted = false;
  std::size_t at = 0;
  for (; at < rest.size() && (quoted || rest[at] != separator); ++at) {
    if (rest[at] == '"') quoted = !quoted;
    if (quoted && rest[at] == '\\') ++at;
  }
  at = std::min(at, rest.size());
  const auto taken = rest.substr(0, at);
  rest.remove_prefix(std::min(at + 1, rest.size()));
  return trim(taken);
}

bool is_utf8_charset(std::string_view parameter) noexcept {
  return ascii_iequals(parameter, "charset=utf-8") || ascii_iequals(parameter, "charset=\"utf-8\"");
}

// RFC 9110 section 12.4.2: 0 to 1 with at most three decimals, in thousandths; -1 when malformed.
int weight(std::string_view text) noexcept {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text[1] != '.')) return -1;
  if (text[0] != '0' && text[0] != '1') return -1;
  int value = (text[0] - '0') * 1000;
  int unit = 100;
  for (std::size_t i = 2; i < text.size(); ++i, unit /= 10) {
    if (!is_digit(text[i])) return -1;
    value += (text[i] - '0') * unit;
  }
  return value <= 1000 ? value : -1;
}

// How closely a media range names the type: 3 exactly, 2 by "type/*", 1 by "*/*", 0 not at all.
int closeness(std::string_view range, std::string_view type) noexcept {
  if (range == "*/*") return 1;
  if (ascii_iequals(range, type)) return 3;
  const auto slash = type.find('/');
  const bool wild = range.size() == slash + 2 && range.ends_with("/*");
  return wild && ascii_iequals(range.substr(0, slash), type.substr(0, slash)) ? 2 : 0;
}

int weight_of(std::string_view parameters) noexcept {
  while (!parameters.empty()) {
    const auto parameter = take_until(parameters, ';');
    if (parameter.size() >= 2 && ascii_lower(parameter[0]) == 'q' && parameter[1] == '=') {
      return weight(parameter.substr(2));
    }
  }
  return 1000;
}

}  // namespace

bool is_media_type(std::string_view content_type, std::string_view type) noexcept {
  if (!ascii_iequals(take_until(content_type, ';'), type)) return false;
  while (!content_type.empty()) {
    const auto parameter = take_until(content_type, ';');
    if (!parameter.empty() && !is_utf8_charset(parameter)) return false;
  }
  return true;
}

bool accepts(std::string_view accept, std::string_view type) noexcept {
  int closest = 0;
  int best = 0;
  while (!accept.empty()) {
    auto element = take_until(accept, ',');
    const int close = closeness(take_until(element, ';'), type);
    const int weighs = weight_of(element);
    if (close == 0 || close < closest || weighs < 0) continue;
    // RFC 9110 section 12.5.1: the most specific range decides.
    best = close > closest ? weighs : std::max(best, weighs);
    closest = close;
  }
  return best > 0;
}

}  // namespace postern::http
