#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::oauth {

inline constexpr std::size_t kLongestRedirectUri = 2048;

// Whether a redirect URI may be registered at all: https anywhere, http for loopback hosts (RFC 8252 section 7.3), a
// private-use scheme (section 7.1). Never a scheme that a browser runs or opens itself, a fragment (RFC 6749 section
// 3.1.2), user information, dot segments or encoded control bytes. The fault is a sentence; nullopt: it may.
std::optional<std::string> redirect_uri_fault(std::string_view uri);

// RFC 9700 section 2.1: byte for byte, except that a loopback URI may differ in its port (RFC 8252 section 7.3), also
// for `localhost`, which is what the clients use.
bool redirect_uri_matches(std::string_view registered, std::string_view asked) noexcept;

// RFC 8252 section 7.3: `http` to 127.0.0.1, [::1] or `localhost`, on any port. What it reaches runs on the machine of
// the user who opens it.
bool is_loopback_redirect_uri(std::string_view uri) noexcept;

// Whether an operator's list admits the URI. An entry is a host ("chatgpt.com", "localhost", "[::1]"), which stands for
// itself on any port; "*.example.com" for every host below example.com, without example.com itself; or a private-use
// scheme and its colon ("cursor:"). Any other entry admits nothing: config::redirect_domain_fault().
bool redirect_domain_allowed(std::string_view uri, const std::vector<std::string>& domains);

// Redirect URIs for a message or the log, separated by commas: at most five, each cut at 200 characters. They have to
// have passed redirect_uri_fault(), which leaves printable ASCII without quotes and backslashes.
std::string list_redirect_uris(const std::vector<std::string>& uris);

// What people are shown as the place they are sent to: the host, or the scheme where it is private.
std::string redirect_host(std::string_view uri);

}  // namespace postern::oauth
