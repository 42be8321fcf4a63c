#include "server/worker.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>
#include <vector>

#include "base/encoding.hpp"
#include "crypto/random.hpp"
#include "server/connection.hpp"
#include "server/upstream_factory.hpp"

namespace postern::server {

namespace {

constexpr std::size_t kGiveWayAtOnce = 8;
constexpr auto* kGaveWay = "postern_connections_gave_way_total";
constexpr auto* kGaveWayHelp = "Idle connections of the network that has most, closed so that others find a place.";

}  // namespace

Worker::Worker(Services& services, Places& places, std::shared_ptr<const Snapshot> snapshot)
    : services_(services),
      places_(places),
      snapshot_(std::move(snapshot)),
      id_prefix_(hex_encode(crypto::random_bytes(6))) {}

Worker::~Worker() = default;

upstream::Upstream& Worker::upstream(const config::Upstream& settings) {
  auto& made = upstreams_[settings.name];
  if (!made) made = services_.upstreams.make(io_.get_executor(), settings);
  return *made;
}

std::string Worker::next_request_id() {
  char number[24];
  std::snprintf(number, sizeof number, "%08llx", static_cast<unsigned long long>(++next_id_));
  return id_prefix_ + number;
}

// RFC 7009 section 2.1: an access token that is revoked alone ends what it opened, and nothing else of its grant.
bool OpenStream::is_over(const token::Touched& touched) const {
  if (grant.empty()) return touched.users.contains(user);
  return touched.grants.contains(grant) || (token && touched.tokens.contains(*token));
}

void Worker::end_streams_of(const token::Touched& touched) {
  std::vector<OpenStream*> ending;
  for (auto* stream : streams_) {
    if (stream->is_over(touched)) ending.push_back(stream);
  }
  for (auto* stream : ending) stream->end();
}

void Worker::end_all_streams() {
  for (auto* stream : std::vector<OpenStream*>(streams_.begin(), streams_.end())) stream->end();
}

void Worker::give_way(const ConnectionPlaces& places, const std::string& network) {
  std::vector<std::pair<net::SteadyTime, Visit*>> waiting;
  for (auto* visit : visits_) {
    if (visit->places != &places || visit->network != network) continue;
    if (visit->connection == nullptr) waiting.emplace_back(visit->since, visit);
    if (visit->connection != nullptr && visit->connection->idle())
      waiting.emplace_back(visit->connection->idle_since(), visit);
  }
  const auto count = std::min(waiting.size(), kGiveWayAtOnce);
  services_.metrics.count(kGaveWay, kGaveWayHelp, static_cast<double>(count));
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

void Worker::drain() {
  draining_ = true;
  for (auto* connection : std::vector<Connection*>(connections_.begin(), connections_.end())) connection->drain();
  for (auto* stream : std::vector<OpenStream*>(streams_.begin(), streams_.end())) {
    if (stream->listening) stream->end();
  }
}

void Worker::stop() {
  for (auto* connection : std::vector<Connection*>(connections_.begin(), connections_.end())) connection->close();
}

}  // namespace postern::server
