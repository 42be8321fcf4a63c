#include "http/url/target.hpp"

#include <algorithm>
#include <array>

#include "base/encoding.hpp"
#include "http/characters.hpp"

namespace postern::http {
namespace {

// The length in the text of one UTF-8 character written as %XX%XX…, which begins at `at` with the byte `lead`; 0 when
// it is not well formed.
std::size_t encoded_character(std::string_view text, std::size_t at, int lead) noexcept {
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  std::array<char, 4> bytes{};
  for (std::size_t i = 0; i < length; ++i) {
    const std::size_t from = at + 3 * i;
    const int value = from < text.size() && text[from] == '%' ? percent_value(text, from) : -1;
    if (value < 0) return 0;
    bytes[i] = static_cast<char>(value);
  }
  return is_valid_utf8({bytes.data(), length}) ? 3 * length : 0;
}

std::string_view segment_fault(std::string_view segment) noexcept {
  std::size_t length = 0;  // of the name: before ";", which a server behind may cut off
  std::size_t dots = 0;
  bool parameters = false;
  for (std::size_t i = 0; i < segment.size();) {
    int c = static_cast<unsigned char>(segment[i]);
    std::size_t taken = 1;
    if (!is(segment[i], character::kPath)) return "a byte in the path that is not allowed there";
    if (c == '%') {
      c = percent_value(segment, i);
      taken = 3;
      if (c < 0) return "a percent error in the path";
      if (c == '/' || c == '\\') return "an encoded separator in the path";
      if (is_control(static_cast<char>(c))) return "an encoded control byte in the path";
      if (c >= 0x80) taken = encoded_character(segment, i, c);
      if (taken == 0) return "encoded bytes in the path that are no UTF-8";
      parameters = parameters || c == ';';
    }
    if (!parameters) ++length;
    if (!parameters && c == '.') ++dots;
    i += taken;
  }
  if (length == 0 && parameters) return "an empty segment in the path";
  if (length == dots && (dots == 1 || dots == 2)) return "a dot segment in the path";
  return {};
}

}  // namespace

std::string_view path_fault(std::string_view path) noexcept {
  if (!path.starts_with('/')) return "the path does not begin with a slash";
  path.remove_prefix(1);
  for (;;) {
    const auto slash = path.find('/');
    if (slash == 0) return "an empty segment in the path";
    if (const auto fault = segment_fault(path.substr(0, slash)); !fault.empty()) return fault;
    if (slash == std::string_view::npos) return {};
    path.remove_prefix(slash + 1);
  }
}

std::string_view query_fault(std::string_view query) noexcept {
  for (std::size_t i = 0; i < query.size(); ++i) {
    if (!is(query[i], character::kQuery)) return "a byte in the query that is not allowed there";
    if (query[i] != '%') continue;
    const int value = percent_value(query, i);
    if (value < 0) return "a percent error in the query";
    if (value == 0) return "an encoded NUL in the query";
  }
  return {};
}

}  // namespace postern::http
