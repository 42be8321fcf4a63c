#include "http/form.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "http/characters.hpp"

namespace postern::http {
namespace {

std::optional<std::string> decode(std::string_view text, bool plus_is_blank) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      out += ' ';
    } else if (text[i] == '%') {
      const int value = percent_value(text, i);
      if (value < 0) return std::nullopt;
      out += static_cast<char>(value);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

Result<std::string> decode_part(std::string_view text, std::size_t limit) {
  // What decodes shrinks to a third at most, so that this bounds what is allocated.
  if (text.size() / 3 > limit) return fail(Errc::too_large, "a form name or value is too long");
  auto decoded = decode(text, true);
  if (!decoded) return fail(Errc::invalid, "a percent error in a form");
  if (decoded->size() > limit) return fail(Errc::too_large, "a form name or value is too long");
  if (!is_valid_utf8(*decoded)) return fail(Errc::invalid, "a form that is no UTF-8");
  if (decoded->find('\0') != std::string::npos) return fail(Errc::invalid, "a NUL byte in a form");
  return *std::move(decoded);
}

}  // namespace

Result<Form> Form::parse(std::string_view encoded, const FormLimits& limits) {
  Form form;
  while (!encoded.empty()) {
    const auto end = std::min(encoded.find('&'), encoded.size());
    const auto pair = encoded.substr(0, end);
    encoded.remove_prefix(std::min(end + 1, encoded.size()));
    if (pair.empty()) continue;
    if (form.pairs_.size() == limits.pairs) return fail(Errc::too_large, "too many form fields");
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = decode_part(pair.substr(0, equals), limits.name);
    if (!name) return name.error();
    auto value = decode_part(pair.substr(std::min(equals + 1, pair.size())), limits.value);
    if (!value) return value.error();
    form.pairs_.emplace_back(*std::move(name), *std::move(value));
  }
  return form;
}

std::optional<std::string_view> Form::get(std::string_view name) const noexcept {
  for (const auto& [key, value] : pairs_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Form::get_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : pairs_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

std::string_view Form::repeated(const std::vector<std::string_view>& allowed) const noexcept {
  for (auto pair = pairs_.begin(); pair != pairs_.end(); ++pair) {
    if (pair->first.empty()) continue;
    if (std::ranges::find(allowed, std::string_view(pair->first)) != allowed.end()) continue;
    const bool again = std::any_of(pairs_.begin(), pair, [&](const auto& other) { return other.first == pair->first; });
    if (again) return pair->first;
  }
  return {};
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is(c, character::kUnreserved)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

std::optional<std::string> percent_decode(std::string_view text) { return decode(text, false); }

std::string encode_form(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out += percent_encode(name);
    out += '=';
    out += percent_encode(value);
  }
  return out;
}

}  // namespace postern::http
