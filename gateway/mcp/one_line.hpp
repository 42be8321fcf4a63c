#pragma once

#include <string>
#include <string_view>

namespace postern::mcp {

// JSON text on one line: line ends, which JSON has between its values only (RFC 8259 section 2), are blanks. The texts
// here must be valid JSON; half surrogate pairs and bytes that are not UTF-8 do not matter.
std::string without_line_ends(std::string json);

// The same, and its strings hold none of the characters that some readers take for the end of a line (U+0085, U+2028,
// U+2029: Python's splitlines(), Node's readline): escaped, which JSON reads as the same (RFC 8259 section 7).
std::string on_one_line(std::string_view json);

// A message of a server as it goes on to a client: on one line, its damaged characters repaired (mcp/repair.hpp).
std::string deliverable(std::string_view json);

}  // namespace postern::mcp
