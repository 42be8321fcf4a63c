#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "app/commands/doctor/walk.hpp"

namespace postern::app::doctor {

struct Style {
  bool colours = false;
  std::string secret{};  // printed as "[token]", wherever it comes up; empty: none
};

inline constexpr std::size_t kLongestSaid = 600;
// One line of printable ASCII, cut off after `longest` bytes: what servers say must not move a terminal's cursor.
std::string harmless(std::string_view text, std::string_view secret = {}, std::size_t longest = kLongestSaid);

// A line for each step, and below one that failed what was seen, what was expected and the mend.
void print(std::ostream& out, const Diagnosis& diagnosis, const Style& style);
// {"step", "title", "client", "state", "fault", "seen", "expected", "mend"} of each, without what is empty.
nlohmann::json to_json(const Diagnosis& diagnosis, std::string_view secret);

}  // namespace postern::app::doctor
