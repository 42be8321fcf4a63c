#include "http/url/private_scheme.hpp"

#include <algorithm>
#include <array>

#include "http/characters.hpp"

namespace postern::http {
namespace {

// clang-format off
constexpr auto kRefusedSchemes = std::to_array<std::string_view>({
    "about", "acap", "afp", "blob", "chrome", "chrome-extension", "cid", "content", "data", "dict", "dns", "edge",
    "facetime", "feed", "file", "filesystem", "ftp", "ftps", "geo", "git", "gopher", "hcp", "imap", "intent", "irc", "ircs",
    "itms", "itms-apps", "jar", "javascript", "ldap", "ldaps", "livescript", "magnet", "mailto", "market", "mhtml",
    "microsoft-edge", "mid", "ms-msdt", "ms-settings", "mk", "mocha", "moz-extension", "news", "nfs", "nntp", "pop", "res", "resource",
    "rtsp", "search-ms", "sftp", "shell", "sip", "sips", "smb", "sms", "ssh", "svn", "tel", "telnet", "tftp", "unsafe", "urn",
    "vbscript", "view-source", "vnc", "webcal", "ws", "wss", "wyciwyg", "x-apple",
});
// clang-format on

bool is_letter(char c) noexcept { return c >= 'a' && c <= 'z'; }

// Section 3.1 of RFC 3986, in lower case.
bool is_lower_scheme(std::string_view text) noexcept {
  return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, [](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  });
}

}  // namespace

bool is_private_use_scheme(std::string_view scheme) noexcept {
  // A single letter is a drive of Windows, and "ms-" begins the schemes that start programs there.
  if (!is_lower_scheme(scheme) || scheme.size() < 2 || scheme.starts_with("ms-")) return false;
  if (scheme == "http" || scheme == "https") return false;
  return std::ranges::find(kRefusedSchemes, scheme) == kRefusedSchemes.end();
}

}  // namespace postern::http
