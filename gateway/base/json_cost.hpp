#pragma once

#include <cstddef>
#include <string_view>

#include "base/json.hpp"

namespace postern {

// How many bytes of memory nlohmann::json takes at most while and after read_json() builds it from that text, within
// those limits; the text itself is not among them. Many times the text where it consists of small values: 4 MiB of
// `[],[],…` make 100,000 vectors.
//
// A scan of the text without parsing: linear, no memory, one byte looked at once. It never fails; of a text that is not
// JSON it bounds what a parser has built when it gives up.
std::size_t parsed_bytes(std::string_view text, const JsonLimits& limits = {}) noexcept;

}  // namespace postern
