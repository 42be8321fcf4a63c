#pragma once

#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "oauth/context.hpp"
#include "store/records.hpp"

namespace postern::oauth {

// The client of that id, as this authorization server knows it. RFC 7591 section 1: a client registers with one server,
// by that server's rules; to the others it is a stranger, or each would be as open as the most open one. Those an
// operator added are known everywhere. nullopt: unknown here. Errors are the store's.
Result<std::optional<store::Client>> known_client(std::string_view id, const Context& context);

}  // namespace postern::oauth
