#include "proxy/upstream_failure.hpp"

namespace postern::proxy {
namespace {

authn::Refusal of_upstream(const Error& error) {
  switch (error.code) {
    case Errc::timed_out:
      return refusal(504, "upstream_timeout", "the server behind this gateway did not answer in time; try again");
    case Errc::busy: return try_again("all connections to the server behind are in use; try again in a moment");
    case Errc::closed:
      return refusal(502, "upstream_error",
                     "the server behind this gateway ended before it answered; begin a new session with initialize");
    case Errc::protocol:
      return refusal(502, "upstream_error", "the server behind this gateway sent an answer that is no valid HTTP");
    default:
      return refusal(502, "upstream_unavailable", "the server behind this gateway cannot be reached; try again later");
  }
}

// The client is still there: what ended the exchange was a revocation, or the end of the process.
authn::Refusal of_our_end(bool draining) {
  if (!draining) {
    return challenged(401, "invalid_token", "the access token was revoked while the call was under way",
                      "invalid_token");
  }
  return try_again("the gateway is being restarted; try again in a moment");
}

}  // namespace

authn::Refusal failure_of_upstream(McpExchange& x, const Error& error) {
  // A caller that hangs up is not a failure of the server behind.
  if (error.code == Errc::cancelled) return of_our_end(x.worker.draining());
  x.services().log.warning(
      "upstream_failed", {{"request_id", x.context.id}, {"upstream", x.resource.upstream->name}, {"what", error.what}});
  return of_upstream(error);
}

authn::Refusal header_template_failed(McpExchange& x, const Error& error) {
  x.services().log.warning("header_template_failed", {{"request_id", x.context.id}, {"what", error.what}});
  return refusal(403, "access_denied", "your account lacks what the server behind needs to know; ask the operator");
}

}  // namespace postern::proxy
