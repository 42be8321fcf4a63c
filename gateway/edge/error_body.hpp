#pragma once

#include <string_view>

#include "http/message.hpp"

namespace postern::edge {

// {"error","error_description","request_id"} as every refusal has it, for answers outside a resource.
http::Response error_response(int status, std::string_view error, std::string_view description,
                              std::string_view request_id);

}  // namespace postern::edge
