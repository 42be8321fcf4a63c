#pragma once

#include <string>
#include <string_view>

namespace postern::config {

// How messages set off a name or a value.
inline std::string ticked(std::string_view text) { return "`" + std::string(text) + "`"; }

}  // namespace postern::config
