#pragma once

#include <optional>
#include <string_view>

namespace postern::policy {

// Why a resource URI (RFC 3986) is refused before any rule is looked at: two readers may take it for different things,
// whatever the rules say. The causes are dot segments anywhere, plain or encoded; encoded separators and encoded
// percent signs; backslashes and control bytes; broken escapes and broken UTF-8; a scheme in capitals; an authority
// whose host is not certain; and every second spelling of what the URL Standard calls special schemes (`file:/x`, any
// host in `file:`, `file:///a//x`, `file:///x#y`, `http://host` without a path, its default port, `http://127.1/`, user
// information, fragments). nullopt: the URI has no such fault. The sentence has static storage and holds nothing of the
// URI. URI templates (RFC 6570) are judged like URIs.
std::optional<std::string_view> uri_fault(std::string_view uri);

}  // namespace postern::policy
