#pragma once

#include <string_view>

namespace postern::config {

// The forms of entries in lists of domains. Pure; like the functions of forms.hpp these return the end of a sentence
// that says what is wrong with the value and holds nothing of it, or an empty view.

// An entry of a list of hosts: a host name, or "*." and a domain of two labels or more, which stands for every host
// below that domain at any depth and not for the domain itself.
std::string_view host_pattern_fault(std::string_view text) noexcept;
// An entry of `redirect_domains`: what host_pattern_fault() takes, "[::1]", or a private-use scheme and its colon, such
// as "cursor:" (RFC 8252 section 7.1).
std::string_view redirect_domain_fault(std::string_view text) noexcept;

}  // namespace postern::config
