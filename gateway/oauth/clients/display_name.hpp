#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::oauth {

// Why a name that a stranger chose must not be shown to people: it is over 200 characters, or holds control characters,
// ones that reverse or reorder the text around them (Unicode TR 36 section 2.1), or invisible ones. The rest of a
// sentence that begins with what the name is of. `name` is valid UTF-8.
std::optional<std::string> display_name_fault(std::string_view name);

}  // namespace postern::oauth
