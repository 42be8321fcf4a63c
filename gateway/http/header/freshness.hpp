#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "http/fields.hpp"

namespace postern::http {

// How long an answer that has just come may be used by a cache that serves many (RFC 9111 section 4.2.1): s-maxage,
// max-age less its Age, Expires less its Date. Zero where it must not be kept; nullopt where it says nothing, or
// nothing that can be read. Directives that are given twice count as the least.
std::optional<std::chrono::seconds> freshness_lifetime(const FieldBlock& fields, Time now);

// RFC 9110 section 5.6.7: the fixed form alone, "Sun, 06 Nov 1994 08:49:37 GMT".
std::optional<Time> parse_http_date(std::string_view text);

}  // namespace postern::http
