#include "proxy/refusals.hpp"

namespace postern::proxy {
authn::Refusal refusal(int status, std::string error, std::string description) {
  authn::Refusal refused;
  refused.status = status;
  refused.error = std::move(error);
  refused.description = std::move(description);
  refused.challenge = false;
  return refused;
}

authn::Refusal try_again(std::string description) {
  auto refused = refusal(503, "temporarily_unavailable", std::move(description));
  refused.retry_after = 2;
  return refused;
}

authn::Refusal challenged(int status, std::string error, std::string description, std::string challenge_error) {
  auto refused = refusal(status, std::move(error), std::move(description));
  refused.challenge = true;
  refused.challenge_error = std::move(challenge_error);
  return refused;
}

}  // namespace postern::proxy
