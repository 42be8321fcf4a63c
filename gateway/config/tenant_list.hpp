#pragma once

#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/system/result.hpp>

#include "config/config.hpp"

// Tenants with their members that are not part of a configuration but fit to one: to be kept in the store. Either all
// of them without any fault, or all faults. Nothing is filled in: `${NAME}` and `{file: PATH}` are faults, since
// whoever wrote the list need not be the operator.
namespace postern::config {

// What a list says of a tenant and of its members. A value that is not given stays as it is in the store; one that is
// given as "" or null is cleared.
struct ListedMember {
  std::string user;                 // as Member::user
  std::optional<std::string> role;  // empty: cleared
  Position at;                      // of the role, where there is one
};
struct ListedTenant {
  std::string handle;
  std::optional<std::string> name;  // empty: cleared, which leaves the handle
  std::optional<std::string> plan;  // empty: cleared
  std::vector<ListedMember> members;
  Position at;
};

// A document with the list `tenants` as configurations have it; at most 4 MiB. `path` is for messages.
boost::system::result<std::vector<ListedTenant>, Faults> read_tenant_list(std::string_view text,
                                                                          const std::string& path,
                                                                          const Config& config);

// JSON Lines: an entry of that list on each line. Of any length; lines are read one by one.
boost::system::result<std::vector<ListedTenant>, Faults> read_tenant_lines(std::istream& lines, const std::string& path,
                                                                           const Config& config);

}  // namespace postern::config
