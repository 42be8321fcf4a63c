#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"
#include "tenant/catalog.hpp"
#include "unit/tenant/test_policy.hpp"

namespace postern::runtime {

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

}  // namespace postern::runtime
