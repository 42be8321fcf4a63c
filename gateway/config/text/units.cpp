#include <limits>

#include "base/strings.hpp"
#include "config/text/yaml.hpp"

namespace postern::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
// Longest names first where one ends with another: "ms" before "s".
constexpr Unit kDurations[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr Unit kSizes[] = {{"KiB", 1024}, {"MiB", 1024 * 1024}, {"GiB", 1024 * 1024 * 1024}, {"", 1}};

template <std::size_t N>
std::optional<std::uint64_t> parse(std::string_view text, const Unit (&units)[N]) noexcept {
  for (const auto& unit : units) {
    if (!text.ends_with(unit.name)) continue;
    constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    std::uint64_t number = 0;
    if (!parse_uint(text.substr(0, text.size() - unit.name.size()), number)) return std::nullopt;
    return number <= most / unit.factor ? std::optional(number * unit.factor) : std::nullopt;
  }
  return std::nullopt;
}

// In the largest unit that divides it.
template <std::size_t N>
std::string format(std::uint64_t value, const Unit (&units)[N]) {
  const Unit* best = nullptr;
  for (const auto& unit : units) {
    if (value % unit.factor == 0 && (!best || unit.factor > best->factor)) best = &unit;
  }
  return std::to_string(value / best->factor) + std::string(best->name);
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) noexcept {
  const auto value = parse(text, kDurations);
  return value ? std::optional(Duration(static_cast<std::int64_t>(*value))) : std::nullopt;
}

std::optional<std::size_t> parse_size(std::string_view text) noexcept { return parse(text, kSizes); }

std::string format_duration(Duration duration) {
  if (duration == Duration::zero()) return "0s";
  return format(static_cast<std::uint64_t>(duration.count()), kDurations);
}

std::string format_size(std::size_t bytes) { return bytes == 0 ? "0" : format(bytes, kSizes); }

}  // namespace postern::config
