#include "limits/descriptor_budget.hpp"

#include <algorithm>

namespace postern::limits {
namespace {

// Of one call: the connection in use, and one that a call of before left idle at another server behind.
constexpr std::size_t kUpstreamOfConnection = 2;
constexpr std::size_t kOfConnection = 1 + kUpstreamOfConnection;
constexpr std::size_t kOfEventLoop = 3;     // epoll, eventfd, timerfd
constexpr std::size_t kOfFetch = 4;         // an event loop and a connection
constexpr std::size_t kOfLookup = 2;        // a socket to the name server, and a file that is read
constexpr std::size_t kOfProgram = 4;       // three pipes, and one that tells its end
constexpr std::size_t kOfProgramStart = 8;  // while it is started
constexpr std::size_t kOfStore = 32;        // database, log and index of the writer and each reader, and of checkpoints
constexpr std::size_t kOfLogs = 4;          // two destinations, which are opened anew before the old ones close
constexpr std::size_t kReserve = 64;        // standard streams, libraries, certificates that are read again
constexpr auto* kRaise = ". Raise the hard limit (LimitNOFILE= of systemd, `ulimit -Hn`)";

std::size_t fixed_needs(const config::Config& config, DescriptorUsers users) {
  std::size_t sum = kReserve + kOfStore + kOfLogs + kOperationsConnections + kConnectionsInExchange;
  // Workers, the control thread and the hub.
  sum += (users.workers + 2) * kOfEventLoop;
  sum += config.listen.size() * users.workers;
  const auto plain = std::ranges::count_if(
      config.listen, [](const config::Listener& listener) { return listener.certificates.empty(); });
  sum += static_cast<std::size_t>(plain) * users.workers * kTurnedAwayAtOnce;
  sum += users.fetch_threads * kOfFetch + users.lookup_threads * kOfLookup;
  for (const auto& upstream : config.upstreams) {
    if (upstream.command.empty()) continue;
    sum += (upstream.shared_process ? 1 : upstream.processes) * kOfProgram + kOfProgramStart;
  }
  return sum;
}

std::size_t upstream_connections(const config::Config& config, std::size_t workers) {
  std::size_t sum = 0;
  for (const auto& upstream : config.upstreams) sum += upstream.urls.size() * workers * upstream.connections;
  return sum;
}

// How many connections have their share in what is there, and what goes on to the servers behind for them.
std::size_t connections_within(std::size_t left, std::size_t upstream) {
  if (upstream < left && (left - upstream) * kUpstreamOfConnection >= upstream) return left - upstream;
  return left / kOfConnection;
}

}  // namespace

DescriptorNeeds descriptor_needs(const config::Config& config, DescriptorUsers users) {
  DescriptorNeeds needs;
  needs.fixed = fixed_needs(config, users);
  needs.connections = config.limits.connections;
  needs.upstream = std::min(upstream_connections(config, users.workers), needs.connections * kUpstreamOfConnection);
  return needs;
}

DescriptorPlan plan_descriptors(const config::Limits& limits, const DescriptorNeeds& needs, std::size_t limit) {
  if (needs.all() <= limit) return {limits.connections, limits.connections_per_address, ""};
  const std::size_t left = limit > needs.fixed ? limit - needs.fixed : 0;
  DescriptorPlan plan;
  plan.connections = std::min(limits.connections, connections_within(left, needs.upstream));
  if (plan.connections == 0) {
    plan.warning = "the limit of open files is " + std::to_string(limit) +
                   ", which leaves none for clients: this configuration needs at least " +
                   std::to_string(needs.fixed + kOfConnection) + ", and " + std::to_string(needs.all()) +
                   " for limits.connections: " + std::to_string(limits.connections) + kRaise;
    return plan;
  }
  // A single address must not take everything when there is little.
  plan.connections_per_address =
      std::min(limits.connections_per_address, std::max<std::size_t>(1, plan.connections / 2));
  plan.warning = "the limit of open files is " + std::to_string(limit) +
                 ", but limits.connections: " + std::to_string(limits.connections) +
                 " and the connections of the upstreams need " + std::to_string(needs.all()) + "; " +
                 std::to_string(plan.connections) + " connections are admitted, " +
                 std::to_string(plan.connections_per_address) + " of one address" + kRaise +
                 " or lower limits.connections";
  return plan;
}

}  // namespace postern::limits
