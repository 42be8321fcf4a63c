#include "proxy/callers.hpp"

namespace postern::proxy {
policy::Caller policy_caller(const token::Principal& principal) {
  return {principal.scopes, principal.role, principal.plan, principal.narrowed};
}

std::string caller_of(const token::Principal& p) {
  return p.client + '\n' + p.user + '\n' + p.tenant + '\n' + p.resource;
}

}  // namespace postern::proxy
