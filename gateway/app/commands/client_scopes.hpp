#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/loading/loaded.hpp"
#include "base/result.hpp"
#include "policy/policy.hpp"

// Whether the scopes that an operator gives a client are of any use to it. Pure; the errors are sentences.
namespace postern::app {

// Of a client that acts for users: a scope that no policy has would make every authorization fail, and without the
// scopes that every request needs, or with scopes of no resource, the client could call nothing. It is enough that one
// resource can be called.
std::optional<Error> scope_fault(const Loaded& loaded, const std::vector<std::string>& scopes);

// Of a client that acts by itself, for one resource with this policy, which knows the scopes.
std::optional<Error> connect_fault(const policy::Policy& policy, const std::vector<std::string>& scopes);

}  // namespace postern::app
