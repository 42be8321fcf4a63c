#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::policy {

// The byte of the percent escape (RFC 3986 section 2.1) that starts at `at`; nullopt where there is none.
std::optional<char> escaped_byte(std::string_view text, std::size_t at) noexcept;

// Every escape decoded, except those of the bytes in `kept`. What is not an escape stays as it is, so the result need
// not be UTF-8.
std::string percent_decoded(std::string_view text, std::string_view kept = {});

}  // namespace postern::policy
