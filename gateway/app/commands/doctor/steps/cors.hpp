#pragma once

#include <string_view>
#include <vector>

#include "app/commands/doctor/walk.hpp"

namespace postern::app::doctor {

// Whether the page of a client in a browser may call the resource, its metadata and the endpoints (WHATWG Fetch,
// section 4.8). That an origin is refused is somebody's choice: a fault only where this client was asked for by name.
Finding check_cors(Walk& walk, const Client& client);

// Pure: a preflight's answer for a page of `origin` that wants to send these headers.
Finding judge_preflight(const Answer& answer, std::string_view url, std::string_view origin,
                        const std::vector<std::string_view>& headers);

}  // namespace postern::app::doctor
