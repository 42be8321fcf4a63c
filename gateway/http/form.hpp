#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace postern::http {

struct FormLimits {
  std::size_t pairs = 100;
  std::size_t name = 256;     // bytes after decoding
  std::size_t value = 65536;  // bytes after decoding
};

// application/x-www-form-urlencoded, in bodies and queries (WHATWG URL section 5). Names and values must be valid UTF-8
// without NUL, and a "%" must begin a percent encoding. Errors: invalid, too_large.
class Form {
 public:
  static Result<Form> parse(std::string_view encoded, const FormLimits& limits = {});

  // nullopt when absent; an empty value is returned as such.
  std::optional<std::string_view> get(std::string_view name) const noexcept;
  std::string get_or_empty(std::string_view name) const { return std::string(get(name).value_or("")); }
  std::vector<std::string_view> get_all(std::string_view name) const;
  // A name that occurs twice, other than those listed; empty when none (RFC 6749 section 3.1: parameters MUST NOT be
  // repeated). What has no name is no parameter (appendix A: 1*name-char).
  std::string_view repeated(const std::vector<std::string_view>& allowed = {}) const noexcept;
  bool empty() const noexcept { return pairs_.empty(); }
  const std::vector<std::pair<std::string, std::string>>& pairs() const noexcept { return pairs_; }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

// Everything but unreserved characters (RFC 3986 section 2.3) as %XX.
std::string percent_encode(std::string_view text);
// nullopt on a percent error; "+" stays.
std::optional<std::string> percent_decode(std::string_view text);
// "a=1&b=2" from pairs, each percent-encoded.
std::string encode_form(const std::vector<std::pair<std::string, std::string>>& pairs);

}  // namespace postern::http
