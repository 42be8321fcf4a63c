#pragma once

#include <string_view>

#include "http/fields.hpp"

namespace postern::http {

// The faults that more than one scanner finds.
// `field`: the name of the header at fault, as it was received.
constexpr HeadFault bad_request(std::string_view reason, std::string_view field = {}) noexcept {
  return {400, "invalid_request", reason, field};
}
constexpr HeadFault head_too_large(std::string_view reason) noexcept { return {431, "head_too_large", reason}; }
constexpr HeadFault target_too_long() noexcept { return {414, "target_too_long", "the target is too long"}; }

// What is wrong with the head of an answer is never the client's fault.
constexpr HeadFault bad_gateway(std::string_view reason, std::string_view field = {}) noexcept {
  return {502, "bad_gateway", reason, field};
}

}  // namespace postern::http
