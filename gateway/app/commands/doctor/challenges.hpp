#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::app::doctor {

struct Challenge {
  std::string scheme;  // as sent
  std::vector<std::pair<std::string, std::string>> parameters{};

  // Names without case; the first.
  std::optional<std::string> parameter(std::string_view name) const;
};

// RFC 9110 section 11.6.1: the challenges of one WWW-Authenticate value, in order. What cannot be read ends the list:
// clients do not get further either. Pure.
std::vector<Challenge> read_challenges(std::string_view value);

}  // namespace postern::app::doctor
