#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace postern::upstream {

// Where messages are posted to, from the `endpoint` event of the 2024-11-05 transport: the path and query of a URL that
// may be relative to the stream's own (RFC 3986 section 5.2) and must be of the same origin, since whoever writes the
// stream would otherwise choose whom the gateway talks to. Error: protocol, a sentence.
Result<std::string> resolve_endpoint(std::string_view stream_url, std::string_view reference);

}  // namespace postern::upstream
