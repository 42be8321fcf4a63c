#pragma once

#include <string>
#include <utility>

#include "policy/policy.hpp"
#include "store/records.hpp"
#include "web/account/account_views.hpp"

namespace postern::web {

// How a connection is doing, and a sentence about it for its user. Pure.
using StateText = std::pair<EndpointState, std::string>;

StateText state_without_grant();
// `check`: as the tools were last listed; nullptr: not yet. `connect`: what the policy says to any request of the grant
// at this moment, so that a role that was lowered shows at once.
StateText state_of(const store::Grant& grant, const store::ToolCheck* check, const policy::Decision& connect);

}  // namespace postern::web
