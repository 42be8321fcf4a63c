#include "limits/descriptor_budget.hpp"

#include <gtest/gtest.h>

namespace postern::limits {
namespace {

config::Config gateway(std::size_t connections) {
  config::Config config;
  config.listen.resize(2);
  config.upstreams.resize(1);
  config.upstreams[0].urls = {"http://127.0.0.1:3001/mcp"};
  config.limits.connections = connections;
  config.limits.connections_per_address = connections;
  return config;
}

constexpr DescriptorUsers kUsers{2, 8, 8};

TEST(DescriptorBudget, Attack10ClientsAndServersBehindHaveTheirSharesInWhatIsNeeded) {
  const auto needs = descriptor_needs(gateway(1000), kUsers);
  EXPECT_EQ(needs.connections, 1000U);
  EXPECT_EQ(needs.upstream, 2000U) << "no more than the calls that there can be, and what they leave idle";
  auto small = gateway(1000);
  small.upstreams[0].connections = 10;
  EXPECT_EQ(descriptor_needs(small, kUsers).upstream, 20U) << "10 of each worker";
}

TEST(DescriptorBudget, Attack10ProgramsListenersAndThreadsCount) {
  const auto before = descriptor_needs(gateway(10), kUsers).fixed;
  auto config = gateway(10);
  config.upstreams.resize(2);
  config.upstreams[1].command = {"server"};
  config.upstreams[1].processes = 5;
  EXPECT_GE(descriptor_needs(config, kUsers).fixed, before + 20) << "three pipes and one for the end of each";
  EXPECT_GT(descriptor_needs(gateway(10), {2, 9, 8}).fixed, before);
  EXPECT_GT(descriptor_needs(gateway(10), {2, 8, 9}).fixed, before);
  EXPECT_GT(descriptor_needs(gateway(10), {3, 8, 8}).fixed, before);
}

TEST(DescriptorBudget, Attack10WithEnoughNothingIsReduced) {
  const auto config = gateway(1000);
  const auto needs = descriptor_needs(config, kUsers);
  const auto plan = plan_descriptors(config.limits, needs, needs.all());
  EXPECT_EQ(plan.connections, 1000U);
  EXPECT_EQ(plan.connections_per_address, 1000U);
  EXPECT_EQ(plan.warning, "");
}

TEST(DescriptorBudget, Attack10WithTooLittleFewerAreAdmittedAndStartSaysSo) {
  const auto config = gateway(1000);
  const auto needs = descriptor_needs(config, kUsers);
  const auto plan = plan_descriptors(config.limits, needs, needs.fixed + 300);
  EXPECT_EQ(plan.connections, 100U);
  EXPECT_EQ(plan.connections_per_address, 50U) << "one address must not take all";
  EXPECT_EQ(plan.warning, "the limit of open files is " + std::to_string(needs.fixed + 300) +
                              ", but limits.connections: 1000 and the connections of the upstreams need " +
                              std::to_string(needs.all()) +
                              "; 100 connections are admitted, 50 of one address. Raise the hard limit (LimitNOFILE= "
                              "of systemd, `ulimit -Hn`) or lower limits.connections");
}

TEST(DescriptorBudget, Attack10WithNothingLeftForClientsTheLeastThatSufficesIsNamed) {
  const auto config = gateway(1000);
  const auto needs = descriptor_needs(config, kUsers);
  const auto plan = plan_descriptors(config.limits, needs, 200);
  EXPECT_EQ(plan.connections, 0U);
  const auto least = needs.fixed + 3;
  EXPECT_EQ(plan.warning,
            "the limit of open files is 200, which leaves none for clients: this configuration needs at "
            "least " +
                std::to_string(least) + ", and " + std::to_string(needs.all()) +
                " for limits.connections: 1000. Raise the hard limit (LimitNOFILE= of systemd, `ulimit -Hn`)");
  EXPECT_EQ(plan_descriptors(config.limits, needs, least - 1).connections, 0U);
  EXPECT_EQ(plan_descriptors(config.limits, needs, least).connections, 1U);
}

TEST(DescriptorBudget, Attack10AllThatAreAdmittedFitWithTheirShares) {
  for (const std::size_t of_upstream : {1U, 10U, 100U, 2048U}) {
    auto config = gateway(1000);
    config.upstreams[0].connections = of_upstream;
    const auto needs = descriptor_needs(config, kUsers);
    for (std::size_t limit = 0; limit < needs.all(); limit += 37) {
      const auto plan = plan_descriptors(config.limits, needs, limit);
      config.limits.connections = std::max<std::size_t>(1, plan.connections);
      EXPECT_FALSE(plan.warning.empty());
      if (plan.connections > 0) EXPECT_LE(descriptor_needs(config, kUsers).all(), limit) << limit;
      config.limits.connections = 1000;
    }
  }
}

}  // namespace
}  // namespace postern::limits
