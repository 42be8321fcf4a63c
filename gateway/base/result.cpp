#include "base/result.hpp"

#include <stdexcept>

namespace postern {

void throw_exception_from_error(const Error& error, const boost::source_location& where) {
  throw std::logic_error(std::string("unchecked error at ") + where.file_name() + ":" + std::to_string(where.line()) +
                         ": " + error.what);
}

const char* to_string(Errc code) noexcept {
  switch (code) {
    case Errc::invalid: return "invalid";
    case Errc::not_found: return "not_found";
    case Errc::conflict: return "conflict";
    case Errc::denied: return "denied";
    case Errc::expired: return "expired";
    case Errc::unavailable: return "unavailable";
    case Errc::busy: return "busy";
    case Errc::timed_out: return "timed_out";
    case Errc::closed: return "closed";
    case Errc::cancelled: return "cancelled";
    case Errc::too_large: return "too_large";
    case Errc::protocol: return "protocol";
    case Errc::internal: return "internal";
  }
  return "unknown";
}

}  // namespace postern
