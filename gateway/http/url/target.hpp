#pragma once

#include <string_view>

namespace postern::http {

// Why a path must not be routed; empty when it may. Refused, so that no two programs can read it differently: a path
// that does not begin with "/"; bytes RFC 3986 section 3.3 does not allow, and ";"; percent errors; encoded slashes,
// backslashes and control bytes; encoded bytes that are no UTF-8; empty segments but a last one; dot segments, encoded
// or with parameters too. A static string.
std::string_view path_fault(std::string_view path) noexcept;

// The same for a query: bytes it may not hold, percent errors, encoded NUL.
std::string_view query_fault(std::string_view query) noexcept;

}  // namespace postern::http
