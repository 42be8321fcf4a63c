#pragma once

#include <nlohmann/json.hpp>

#include "config/text/yaml.hpp"

namespace postern::policy {

// A YAML value as JSON, by YAML's core schema: unquoted true, false, null and numbers are such, the rest is text.
nlohmann::json to_json(const config::Value& value);

}  // namespace postern::policy
