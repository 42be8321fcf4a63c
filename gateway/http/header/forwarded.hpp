#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::http {

// The fields in which proxies say for whom they speak: X-Forwarded-For, a list of addresses, and Forwarded (RFC 7239).
// Both are read from the right, entry by entry, because each proxy adds its own entry at the right end: what a client
// wrote at the left, an open quote for example, then cannot change how the entries of the proxies are read. Pure.

// Takes the last entry off `list`, without the blanks around it; `list` keeps what is left of its comma, and is nullopt
// after the first entry of all. Commas inside quoted strings (RFC 9110 section 5.6.4) do not separate.
std::string_view take_last_entry(std::optional<std::string_view>& list) noexcept;

// The node in the `for` parameter of one element of Forwarded (RFC 7239 section 4), unquoted: "192.0.2.1:80",
// "unknown", "_hidden". nullopt when the element has no such parameter, has it twice, or breaks the grammar.
std::optional<std::string> forwarded_for(std::string_view element);

// The address part of a node as both fields have it: "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]",
// "[2001:db8::1]:80", and each of these inside quotes. The part is not checked to be an address. nullopt for brackets
// or ports that are malformed; a port may be obfuscated, "_x" (RFC 7239 section 6).
std::optional<std::string_view> node_address(std::string_view node) noexcept;

}  // namespace postern::http
