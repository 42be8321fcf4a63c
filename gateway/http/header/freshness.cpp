#include "http/header/freshness.hpp"

#include <time.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "base/strings.hpp"

namespace postern::http {
namespace {

using std::chrono::seconds;

constexpr std::uint64_t kLongest = 10ULL * 365 * 24 * 3600;

// RFC 9111 section 1.2.2: what is larger than can be read counts as the largest.
std::optional<seconds> delta_seconds(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  const bool digits = !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) return std::nullopt;
  std::uint64_t number = kLongest;
  if (!parse_uint(text, number)) number = kLongest;
  return seconds(std::min(number, kLongest));
}

struct CacheControl {
  bool forbidden = false;
  std::optional<seconds> max_age;
  std::optional<seconds> shared_max_age;
};

void take(std::optional<seconds>& into, std::string_view text) {
  const auto given = delta_seconds(text);
  if (given) into = std::min(into.value_or(*given), *given);
}

CacheControl read_cache_control(const FieldBlock& fields) {
  CacheControl control;
  for (const Field& field : fields.all()) {
    if (!ascii_iequals(field.name, "cache-control")) continue;
    for (const std::string_view part : split(field.value, ',')) {
      const std::string_view directive = trim(part);
      const std::string_view name = directive.substr(0, directive.find('='));
      const std::string_view value = name.size() < directive.size() ? directive.substr(name.size() + 1) : "";
      // RFC 9111 section 5.2.2: private speaks to caches that serve many.
      const auto is = [name](std::string_view one) { return ascii_iequals(name, one); };
      control.forbidden = control.forbidden || is("no-store") || is("no-cache") || is("private");
      if (is("max-age")) take(control.max_age, value);
      if (is("s-maxage")) take(control.shared_max_age, value);
    }
  }
  return control;
}

std::optional<std::string_view> first(const FieldBlock& fields, std::string_view name) {
  for (const Field& field : fields.all()) {
    if (ascii_iequals(field.name, name)) return field.value;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Time> parse_http_date(std::string_view text) {
  const std::string whole(text);
  std::tm parts{};
  const char* const end = ::strptime(whole.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0' || whole.size() != 29) return std::nullopt;
  const std::time_t since = ::timegm(&parts);
  return Time(std::chrono::duration_cast<Duration>(seconds(since)));
}

std::optional<seconds> freshness_lifetime(const FieldBlock& fields, Time now) {
  const CacheControl control = read_cache_control(fields);
  if (control.forbidden) return seconds(0);
  if (const auto given = control.shared_max_age ? control.shared_max_age : control.max_age) {
    const auto age = first(fields, "age") ? delta_seconds(*first(fields, "age")).value_or(seconds(0)) : seconds(0);
    return std::max(*given - age, seconds(0));
  }
  const auto expires = first(fields, "expires");
  if (!expires) return std::nullopt;
  // RFC 9111 section 5.3: a date that cannot be read, "0" above all, is in the past.
  const auto end = parse_http_date(*expires);
  if (!end) return seconds(0);
  const auto said = first(fields, "date") ? parse_http_date(*first(fields, "date")) : std::nullopt;
  return std::clamp(std::chrono::duration_cast<seconds>(*end - said.value_or(now)), seconds(0), seconds(kLongest));
}

}  // namespace postern::http
