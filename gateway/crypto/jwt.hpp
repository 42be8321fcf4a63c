#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace postern::crypto {

struct TimeRules {
  Duration skew{};  // how far clocks may differ
  // Without `exp` a token is refused in any case. Nonzero: it must not lie further ahead than this (and the skew).
  Duration longest_life{};
  Duration oldest{};  // nonzero: `iat` is required and at most so long ago (and the skew)
};

// The claims of a JWT (RFC 7519 section 4.1), one rule a function. Pure, owned, immutable. Errors are `invalid` with a
// sentence that holds nothing of the claims.
class Claims {
 public:
  // The payload as a strict JSON object: no name twice (RFC 7519 section 4).
  static Result<Claims> read(std::string_view payload);

  // A string; empty where there is no such claim or it is something else.
  std::string text(const char* name) const;
  // The same for what may be shown or passed on: 320 bytes at most and no control character, else empty.
  std::string plain(const char* name) const;
  // The same for what becomes part of a name of ours: up to 255 visible ASCII characters (OpenID Connect Core section
  // 2), else empty.
  std::string subject(const char* name) const;
  // plain() of an e-mail address; empty when `email_verified` says that it is not (section 5.1).
  std::string verified_email(const char* name) const;
  // A text with blanks between, or a list of texts, up to 500 of them.
  std::vector<std::string> words(const char* name) const;
  // `aud` as a list (section 4.1.3); empty where it is missing or neither a string nor an array of strings.
  std::vector<std::string> audiences() const;
  // A NumericDate (section 2): seconds, fractions allowed. nullopt: not there. invalid: no such number.
  Result<std::optional<Time>> time(const char* name) const;
  // Sections 4.1.4 to 4.1.6: `exp` is there and ahead, `nbf` and `iat` are not, as far as they are there. expired: only
  // the time has run out.
  Result<void> check_times(Time now, const TimeRules& rules) const;

  const nlohmann::json& all() const noexcept { return all_; }

 private:
  explicit Claims(nlohmann::json all) : all_(std::move(all)) {}

  nlohmann::json all_;
};

}  // namespace postern::crypto
