#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "http/fields.hpp"
#include "tenant/catalog.hpp"
#include "unit/tenant/test_policy.hpp"

namespace postern::server {

using Pairs = std::vector<std::pair<std::string, std::string>>;

// Views into the pairs.
inline http::FieldBlock fields_of(const Pairs& pairs) {
  http::FieldBlock fields;
  for (const auto& [name, value] : pairs) fields.push({name, value});
  return fields;
}

// A configuration as the loader would leave it: one authorization server, one upstream, resources as the test adds
// them.
struct Site {
  explicit Site(const std::string& issuer = "https://ai.example.test") {
    config.authorization_servers.resize(1);
    config.authorization_servers[0].name = "main";
    config.authorization_servers[0].issuer = issuer;
    config.upstreams.resize(1);
    config.upstreams[0].name = "tools";
    policies["first"] = std::make_shared<tests::TestPolicy>("first");
  }

  config::Resource& add(const std::string& serve) {
    config::Resource resource;
    resource.serve = serve;
    resource.upstream = "tools";
    resource.policy = "first";
    resource.authorization_server = "main";
    return config.resources.emplace_back(resource);
  }

  config::Config config;
  tenant::Catalog::Policies policies;
};

}  // namespace postern::server
