#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace postern::token {

// Who calls, as the token proves it. Immutable once made; shared between the cache and the requests under way.
struct Principal {
  std::string grant;
  std::string user;  // key, "local:alice"
  std::string user_name;
  std::string user_email;
  std::string tenant;  // handle
  std::string tenant_name;
  std::string plan;
  std::string role;
  std::string client;
  std::string client_name;
  std::string resource;  // canonical
  std::vector<std::string> scopes;
  bool narrowed = true;  // policy::Caller
  bool minted = false;   // made by hand, for a client without OAuth
  std::string key_ring;  // TokenIssuer::key_ring of a token that we signed; empty: opaque, or made elsewhere
  Time expires_at{};
};

}  // namespace postern::token
