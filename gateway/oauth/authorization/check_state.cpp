#include "oauth/authorization/authorization_checks.hpp"

namespace postern::oauth {
namespace {

constexpr std::size_t kLongestState = 4096;

}  // namespace

// RFC 6749 section 4.1.1: an opaque value that comes back as it was. Bounded, because it goes into a Location. What is
// too long or ambiguous is not echoed.
Fault check_state(const http::Form& parameters, const Context&, AuthorizationRequest& request) {
  const auto states = parameters.get_all("state");
  if (states.size() != 1) return std::nullopt;  // reject_repeated tells
  if (states.front().size() > kLongestState) return invalid_request("state is longer than 4096 bytes.");
  request.state = states.front();
  request.has_state = true;
  return std::nullopt;
}

}  // namespace postern::oauth
