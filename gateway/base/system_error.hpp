#pragma once

#include <cstring>
#include <string>

namespace postern {

// The words for an errno: "Connection refused".
inline std::string system_message(int error) {
  const char* const words = ::strerrordesc_np(error);
  return words != nullptr ? words : "system error " + std::to_string(error);
}

}  // namespace postern
