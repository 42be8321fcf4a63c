#pragma once

#include <string_view>

namespace postern::http {

// Whether something here decides by the request header of that name, compared without case: who calls, for which
// tenant, from which page and address, how the body is framed and coded, what the message means. Such a header must be
// readable: leaving it out would decide as well, as if it had not been sent. All others may be left out of a request.
//
// Every header of a request that the gateway reads belongs into this table. Headers that are merely passed on
// (User-Agent, traceparent, tracestate) do not.
bool decides(std::string_view name) noexcept;

// Whether the value of a deciding header may hold bytes above 0x7F. Only Cookie may: programs of other people set
// cookies with such bytes for the same host, and http/header/cookie.hpp finds ours among them and takes only ASCII in
// those.
bool may_hold_obs_text(std::string_view name) noexcept;

}  // namespace postern::http
