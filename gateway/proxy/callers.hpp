#pragma once

#include <string>

#include "policy/policy.hpp"
#include "token/principal.hpp"

namespace postern::proxy {

// A principal as policies know it.
policy::Caller policy_caller(const token::Principal& principal);
// Who a request is for, where the server behind keeps something for each caller.
std::string caller_of(const token::Principal& principal);

}  // namespace postern::proxy
