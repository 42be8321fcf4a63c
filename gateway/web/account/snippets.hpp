#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "web/account/account_views.hpp"

namespace postern::web {

// What to paste into which client to connect it to that address, byte for byte. `name`: what the client may call it,
// as snippet_name() makes it. Pure.
std::vector<Snippet> snippets_for(std::string_view name, std::string_view url);
// Small letters, digits and hyphens: what every client takes for a name.
std::string snippet_name(std::string_view tenant, std::string_view resource);

}  // namespace postern::web
