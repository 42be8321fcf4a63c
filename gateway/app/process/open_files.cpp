#include "app/process/open_files.hpp"

#include <utility>

#include "net/descriptors.hpp"

namespace postern::app {

OpenFiles claim_open_files(config::Config& config, limits::DescriptorUsers users) {
  OpenFiles claimed;
  claimed.started_with = net::descriptor_limit().soft;
  const auto needs = limits::descriptor_needs(config, users);
  const auto limit = net::raise_descriptor_limit(needs.all());
  auto plan = limits::plan_descriptors(config.limits, needs, limit.soft);
  config.limits.connections = plan.connections;
  config.limits.connections_per_address = plan.connections_per_address;
  claimed.warning = std::move(plan.warning);
  return claimed;
}

}  // namespace postern::app
