#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::policy {

// A URI, or a glob on URIs, cut where RFC 3986 section 3 cuts it. Views into the text that was given.
struct UriParts {
  std::string_view scheme;
  std::optional<std::string_view> authority;  // nullopt: no `//` behind the scheme; it may be empty
  std::string_view rest;                      // path, query and fragment
};
// nullopt for a text without a scheme.
std::optional<UriParts> uri_parts(std::string_view uri) noexcept;

// The WHATWG URL Standard, "special schemes": parsers rewrite their URLs, so that one thing has many spellings.
bool is_special_scheme(std::string_view scheme) noexcept;

// RFC 3986 sections 3.2 and 6.2: the one spelling of an authority that all its spellings come down to. The host is in
// lower case, an address in its usual form; there is no user information, no dot at the end, no port that is empty or
// the scheme's default; an IPv4 address in IPv6 form is the IPv4 address. `authority` is already percent-decoded. An
// authority has a second reading when this is another text, or nullopt: then readers disagree on which host it names.
std::optional<std::string> plain_authority(std::string_view scheme, std::string_view authority);

// False for a glob on URIs (or a URI) whose host certainly has characters beyond ASCII. `decoded`: as below.
bool has_ascii_host(std::string_view decoded);

// A whole URI, or a glob on URIs, as a reader takes it that knows all of the above: with the plain authority, where
// there is one. For `file:` that is the empty one, since its readers look at the path alone. `decoded` holds no escapes
// any more.
std::string plain_reading(std::string_view decoded);

// Whether the host is a whole number, of a scheme that no parser rewrites: more likely a name, as in
// `users://42/profile`, than an address.
bool may_be_name(std::string_view decoded);

// A plain_reading() without its port. nullopt where it has no port, or where the scheme's default port is known:
// elsewhere any port may be the default one, with which a URI means what it means without a port.
std::optional<std::string> reading_without_port(std::string_view reading);

}  // namespace postern::policy
