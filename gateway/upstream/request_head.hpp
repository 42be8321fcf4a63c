#pragma once

#include <string>
#include <string_view>

#include "upstream/upstream.hpp"

namespace postern::upstream {

// The head as sent: request line, Host, the request's headers without framing and hop-by-hop fields, Content-Length.
// `invalid` when the method or the target cannot stand in a request line.
Result<std::string> write_request_head(const Request& request, std::string_view authority, std::string_view target);

}  // namespace postern::upstream
