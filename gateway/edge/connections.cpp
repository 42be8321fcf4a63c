#include "edge/connections.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "base/encoding.hpp"
#include "crypto/random.hpp"

namespace postern::edge {
namespace {

constexpr std::size_t kGiveWayAtOnce = 8;
constexpr auto* kGaveWay = "postern_connections_gave_way_total";
constexpr auto* kGaveWayHelp = "Idle connections of the network that has most, closed so that others find a place.";

}  // namespace

Connections::Connections(boost::asio::io_context& io, Shared shared, SettingsSource settings)
    : io_(io), shared_(shared), settings_(std::move(settings)), id_prefix_(hex_encode(crypto::random_bytes(6))) {}

std::string Connections::next_request_id() {
  char number[24];
  std::snprintf(number, sizeof number, "%08llx", static_cast<unsigned long long>(++next_id_));
  return id_prefix_ + number;
}

void Connections::give_way(const limits::ConnectionPlaces& places, const std::string& network) {
  std::vector<std::pair<net::SteadyTime, Visit*>> waiting;
  for (auto* visit : visits_) {
    if (visit->places != &places || visit->network != network) continue;
    if (visit->connection == nullptr) waiting.emplace_back(visit->since, visit);
    if (visit->connection != nullptr && visit->connection->idle())
      waiting.emplace_back(visit->connection->idle_since(), visit);
  }
  const auto count = std::min(waiting.size(), kGiveWayAtOnce);
  shared_.metrics.count(kGaveWay, kGaveWayHelp, static_cast<double>(count));
  std::ranges::partial_sort(waiting, waiting.begin() + static_cast<std::ptrdiff_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    const Visit& visit = *waiting[i].second;
    if (visit.connection != nullptr) {
      visit.connection->close();
    } else {
      visit.close();
    }
  }
}

void Connections::drain() {
  draining_ = true;
  for (auto* connection : std::vector<OpenConnection*>(connections_.begin(), connections_.end())) connection->drain();
}

void Connections::close_all() {
  for (auto* connection : std::vector<OpenConnection*>(connections_.begin(), connections_.end())) connection->close();
}

}  // namespace postern::edge
