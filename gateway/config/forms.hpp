#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.hpp"

namespace postern::config {

// The forms of single values. Pure; a function named ..._fault returns a sentence's end that says what is wrong with
// the value and holds nothing of it, or an empty view.

struct BindAddress {
  std::string host;  // a plain IPv4 or IPv6 address without brackets, in one spelling
  std::uint16_t port = 0;
};
// 127.0.0.1:8080, [::1]:8080 or localhost:8080; port 0 lets the system choose.
std::optional<BindAddress> parse_bind_address(std::string_view text);
bool is_loopback_address(std::string_view host) noexcept;
// 0.0.0.0 or ::, which take a port on every address of their family.
bool is_wildcard_address(std::string_view host) noexcept;

// 10.0.0.0/8 or fd00::/8; a plain address becomes a network of its own, IPv4 in IPv6 becomes IPv4. nullopt also when
// bits beyond the prefix are set, because such a network is not the one that was meant.
std::optional<std::string> canonical_network(std::string_view text);

// 50/s, 30/m, 5/h, each with " burst N" behind it at will. Without it a rate per second allows twice itself at once,
// the others what they allow in their whole time.
std::optional<Rate> parse_rate(std::string_view text);
std::string format_rate(const Rate& rate);

// What stands before .example.test and in paths: [a-z0-9][a-z0-9-]{0,62}.
bool is_handle(std::string_view text) noexcept;
// Names inside the file, of upstreams, servers, policies and roles.
bool is_name(std::string_view text) noexcept;
// A host name in lower case without port: labels of letters, digits and "-".
bool is_domain(std::string_view text) noexcept;
// "alice", or "PROVIDER:SUBJECT".
bool is_user_key(std::string_view text) noexcept;

// A header the gateway may add for an upstream: a field name of RFC 9110 section 5.1 without "_", and none that frames
// the message, belongs to one connection, or is passed on or made by the gateway itself.
std::string_view header_name_fault(std::string_view name);
// Text with {placeholders}, each known and with an optional |default. RFC 9110 section 5.5 for all that is not theirs.
std::string_view header_template_fault(std::string_view text) noexcept;

}  // namespace postern::config
