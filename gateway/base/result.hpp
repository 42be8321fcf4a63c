#pragma once

#include <boost/system/result.hpp>
#include <string>
#include <utility>

namespace postern {

// What went wrong, as far as a caller can act on it. Errors of the data path are values; an exception is a bug.
enum class Errc {
  invalid,  // the input is wrong; sending it again will not help
  not_found,
  conflict,  // somebody else was there first (a code already used, a name already taken)
  denied,
  expired,
  unavailable,  // the thing we need is away (store, upstream); may be tried again
  busy,         // we are full; may be tried again
  timed_out,
  closed,     // the other side ended the connection
  cancelled,  // we ended the operation ourselves
  too_large,
  protocol,  // the other side broke its protocol
  internal,
};

// `what` is for logs and operators; it never holds a secret and is never sent to a client unseen.
struct Error {
  Errc code = Errc::internal;
  std::string what;

  friend bool operator==(const Error&, const Error&) = default;
};

[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

template <class T, class E = Error>
using Result = boost::system::result<T, E>;

// The name of the code as logs print it: "timed_out".
const char* to_string(Errc code) noexcept;

inline Error fail(Errc code, std::string what) { return Error{code, std::move(what)}; }

}  // namespace postern
