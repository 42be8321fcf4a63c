#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oauth/context.hpp"
#include "store/records.hpp"
#include "store/store.hpp"

namespace postern::oauth {

// A new token: the value, which only the client gets, and the record, which only has its hash.
struct IssuedAccess {
  std::string value;
  store::AccessToken record;
};
struct IssuedRefresh {
  std::string value;
  store::RefreshToken record;
};

// Neither outlives the grant. In the format of the server; errors as SigningKeys has them.
Result<IssuedAccess> issue_access(const store::Grant& grant, const std::vector<std::string>& scopes, Time now,
                                  const Context& context);
// One that lives as long as its grant, however long tokens of this server usually live.
Result<IssuedAccess> issue_long_access(const store::Grant& grant, const std::vector<std::string>& scopes, Time now,
                                       const Context& context);
IssuedRefresh issue_refresh(const store::Grant& grant, const std::vector<std::string>& scopes, Time now,
                            const Context& context);

void audit_tokens(std::string_view event, const store::Grant& grant, const std::vector<std::string>& scopes,
                  const Context& context);
// Ends the grant with all its tokens because of `reason`, which is the audit event too. nullopt: done.
std::optional<Error> end_grant(const store::Grant& grant, std::string_view reason, Time now, const Context& context);

}  // namespace postern::oauth
