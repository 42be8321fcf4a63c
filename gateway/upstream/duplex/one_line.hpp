#pragma once

#include <string>
#include <string_view>

namespace postern::upstream {

// JSON text whose strings hold none of the characters that some readers take for the end of a line (U+0085, U+2028,
// U+2029: Python's splitlines(), Node's readline): escaped, which JSON reads as the same (RFC 8259 section 7). The text
// must be JSON on one line, valid UTF-8.
std::string on_one_line(std::string_view json);

}  // namespace postern::upstream
