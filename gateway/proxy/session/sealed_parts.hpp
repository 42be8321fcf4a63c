#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "crypto/aead.hpp"

namespace postern::proxy {

// Texts sealed into one id of letters, digits, `-` and `_`, which nobody else can read, change or make. `context` keeps
// ids for different purposes apart. Parts are at most 65,535 bytes long.
std::string seal_parts(std::span<const std::string* const> parts, const crypto::Aead& seal, std::string_view context);

// Fills exactly these parts. False: forged, damaged, of another gateway or for another purpose.
bool open_parts(std::string_view sealed, std::span<std::string* const> parts, const crypto::Aead& seal,
                std::string_view context);

}  // namespace postern::proxy
