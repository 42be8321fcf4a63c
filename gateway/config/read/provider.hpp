#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/read/reading.hpp"

// What is read alike of everybody whose word the operator takes: providers that issue tokens, and those where users
// sign in.
namespace postern::config {

// An address of an identity provider, which the operator trusts: `https://`, `http://` for loopback names only, without
// query, fragment and user information. `out` stays as it is after a fault.
void read_url(Reading& reading, MapReader& reader, std::string_view key, std::string& out, bool required = false);
// The name of a claim.
void read_claim_name(Reading& reading, MapReader& reader, std::string_view key, std::string& out);
// Names that are compared with what a token says: without blanks, quotes and what is not ASCII.
std::vector<std::string> plain_texts(Reading& reading, MapReader& reader, std::string_view key, bool required = false);
// The same in the place of the default ones; these stay when the key is absent.
void read_plain(Reading& reading, MapReader& reader, std::string_view key, std::vector<std::string>& out);
// RFC 8725 section 3.1: chosen by the operator, never by a token; neither `none` nor a MAC can be chosen.
void read_algorithms(Reading& reading, MapReader& reader, std::vector<std::string>& out);
// A mapping of what a provider calls tenants to their handles.
void read_handles(Reading& reading, MapReader& reader, std::string_view key,
                  std::map<std::string, std::string, std::less<>>& out);
// Why users may not be named after such a provider; empty when they may. The sentence's end.
std::string_view provider_name_fault(std::string_view name);

}  // namespace postern::config
