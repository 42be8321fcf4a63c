#include "crypto/jwt.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/json.hpp"
#include "base/strings.hpp"

namespace postern::crypto {
namespace {

using nlohmann::json;

constexpr JsonLimits kLimits{.depth = 16, .nodes = 5'000};
constexpr std::size_t kLongestPlain = 320;
constexpr std::size_t kLongestSubject = 255;
constexpr std::size_t kMostWords = 500;
constexpr double kLatest = 253'402'300'799.0;  // the end of the year 9999, in seconds

Error invalid(const char* what) { return fail(Errc::invalid, what); }

// RFC 7519 section 4.1.4.
Result<void> check_expiry(const std::optional<Time>& exp, Time now, const TimeRules& rules) {
  if (!exp) return invalid("exp is missing");
  if (*exp + rules.skew <= now) return fail(Errc::expired, "exp has passed");
  if (rules.longest_life > Duration::zero() && *exp > now + rules.longest_life + rules.skew) {
    return invalid("exp lies too far ahead");
  }
  return {};
}

// RFC 7519 section 4.1.6.
Result<void> check_issued(const std::optional<Time>& iat, Time now, const TimeRules& rules) {
  if (iat && *iat > now + rules.skew) return invalid("iat lies ahead");
  if (rules.oldest == Duration::zero()) return {};
  if (!iat) return invalid("iat is missing");
  if (*iat + rules.oldest + rules.skew < now) return fail(Errc::expired, "iat lies too far back");
  return {};
}

// Whoever reads it, splits it at the wrong place or finds two in it believes somebody else.
bool is_one_address(std::string_view text) {
  const auto at = text.find('@');
  const bool has_sides = at != std::string_view::npos && at > 0 && at + 1 < text.size();
  return has_sides && text.find('@', at + 1) == std::string_view::npos &&
         text.find_first_of(" \t,;:<>()[]\"\\") == std::string_view::npos;
}

}  // namespace

Result<Claims> Claims::read(std::string_view payload) {
  auto claims = read_json(payload, kLimits);
  if (!claims || !claims->is_object()) return invalid("the claims are no strict JSON object");
  return Claims(*std::move(claims));
}

std::string Claims::text(const char* name) const {
  const auto at = all_.find(name);
  return at != all_.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::string Claims::plain(const char* name) const {
  auto value = text(name);
  const bool shown =
      std::ranges::none_of(value, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
  return shown && value.size() <= kLongestPlain ? value : std::string();
}

std::string Claims::subject(const char* name) const {
  auto value = text(name);
  const bool visible = std::ranges::all_of(value, [](char c) { return c > 0x20 && c < 0x7F; });
  return visible && value.size() <= kLongestSubject ? value : std::string();
}

std::string Claims::verified_email(const char* name) const {
  const auto verified = all_.find("email_verified");
  const bool doubted = verified != all_.end() && *verified != json(true) && *verified != json("true");
  if (doubted) return {};
  auto address = plain(name);
  return is_one_address(address) ? address : std::string();
}

std::vector<std::string> Claims::words(const char* name) const {
  const auto at = all_.find(name);
  std::vector<std::string> found;
  if (at == all_.end()) return found;
  if (at->is_string()) found = split_words(at->get_ref<const std::string&>());
  if (at->is_array()) {
    for (const json& entry : *at) {
      if (entry.is_string()) found.push_back(entry.get<std::string>());
    }
  }
  if (found.size() > kMostWords) found.resize(kMostWords);
  return found;
}

std::vector<std::string> Claims::audiences() const {
  const auto at = all_.find("aud");
  if (at == all_.end()) return {};
  if (at->is_string()) return {at->get<std::string>()};
  if (!at->is_array()) return {};
  std::vector<std::string> found;
  for (const json& entry : *at) {
    if (!entry.is_string()) return {};
    found.push_back(entry.get<std::string>());
  }
  return found;
}

Result<std::optional<Time>> Claims::time(const char* name) const {
  const auto at = all_.find(name);
  if (at == all_.end()) return std::optional<Time>();
  if (!at->is_number()) return invalid("a time is no number");
  const double seconds = at->get<double>();
  if (!std::isfinite(seconds) || seconds < 0 || seconds > kLatest) return invalid("a time is out of range");
  return std::optional(from_millis(static_cast<std::int64_t>(std::floor(seconds * 1000))));
}

Result<void> Claims::check_times(Time now, const TimeRules& rules) const {
  const auto exp = time("exp");
  const auto nbf = time("nbf");
  const auto iat = time("iat");
  for (const auto* claim : {&exp, &nbf, &iat}) {
    if (!*claim) return claim->error();
  }
  // RFC 7519 section 4.1.5.
  if (*nbf && **nbf > now + rules.skew) return invalid("nbf lies ahead");
  if (auto checked = check_issued(*iat, now, rules); !checked) return checked;
  return check_expiry(*exp, now, rules);
}

}  // namespace postern::crypto
