#pragma once

#include <string>

#include "app/commands/doctor/walk.hpp"

namespace postern::app::doctor {

// The checks of the protected resource metadata (RFC 9728).
Finding check_resource_metadata(Walk& walk);
Finding check_resource_position(Walk& walk);
Finding check_resource(Walk& walk);
Finding check_scopes(Walk& walk);
Finding check_authorization_server(Walk& walk);

// Pure: what was published against what was typed.
Finding judge_resource(const std::string& published, const std::string& typed);

}  // namespace postern::app::doctor
