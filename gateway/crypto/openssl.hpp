#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace postern::crypto {

// For calls that fail only when memory is out or the library is broken: nothing sensible can go on without the result.
inline void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("OpenSSL: ") + what + " failed");
}

// An algorithm fetched for the life of the process. OpenSSL frees its providers at exit, in an order of its own.
template <class Algorithm>
const Algorithm* require_fetched(const Algorithm* algorithm, const char* name) {
  require(algorithm != nullptr, name);
  return algorithm;
}

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

template <class T, auto Free>
using Owned = std::unique_ptr<T, Freed<Free>>;

// Never null, also for an empty view: OpenSSL takes null for "not given".
inline const unsigned char* octets(std::string_view bytes) noexcept {
  return reinterpret_cast<const unsigned char*>(bytes.data() != nullptr ? bytes.data() : "");
}

}  // namespace postern::crypto
