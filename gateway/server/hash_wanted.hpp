#pragma once

#include <memory>
#include <string>

#include "idp/password_check.hpp"
#include "net/stream.hpp"
#include "runtime/services.hpp"

namespace postern::server {

// Has the password hashed that a page noted as wanted, on a pool where the networks around `peer` take turns; the check
// then knows whether it matches, or at once that there is no place. An error means that hashing itself failed.
net::awaitable<Result<void>> hash_wanted(runtime::Services& services, std::shared_ptr<idp::PasswordCheck> check,
                                         std::string peer);

}  // namespace postern::server
