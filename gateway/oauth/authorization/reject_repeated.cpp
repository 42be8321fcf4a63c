#include "oauth/authorization/authorization_checks.hpp"

namespace postern::oauth {

// RFC 6749 section 3.1: parameters MUST NOT be included more than once; RFC 8707 section 2 excepts `resource`.
Fault reject_repeated(const http::Form& parameters, const Context&, AuthorizationRequest&) {
  if (parameters.repeated({"resource"}).empty()) return std::nullopt;
  return invalid_request("A parameter is given more than once.");
}

}  // namespace postern::oauth
