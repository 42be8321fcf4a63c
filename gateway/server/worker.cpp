#include "server/worker.hpp"

#include <cstdio>
#include <vector>

#include "base/encoding.hpp"
#include "crypto/random.hpp"
#include "server/connection.hpp"
#include "server/upstream_options.hpp"
#include "upstream/duplex/hub.hpp"

namespace postern::server {

ConnectionCounter::Verdict ConnectionCounter::enter(const std::string& address, bool shared) {
  const std::lock_guard lock(mutex_);
  if (open_ >= total_) return Verdict::total;
  auto& count = addresses_[address];
  if (count >= per_address_ && !shared) return Verdict::per_address;
  ++count;
  ++open_;
  return Verdict::admitted;
}

void ConnectionCounter::leave(const std::string& address) {
  const std::lock_guard lock(mutex_);
  --open_;
  const auto found = addresses_.find(address);
  if (found != addresses_.end() && --found->second == 0) addresses_.erase(found);
}

Worker::Worker(Services& services, ConnectionCounter& counter, std::shared_ptr<const Snapshot> snapshot)
    : services_(services),
      counter_(counter),
      snapshot_(std::move(snapshot)),
      id_prefix_(hex_encode(crypto::random_bytes(6))) {}

Worker::~Worker() = default;

upstream::Upstream& Worker::upstream(const config::Upstream& settings) {
  auto& made = upstreams_[settings.name];
  if (made) return *made;
  auto tls = services_.upstream_tls.source(settings.name);
  if (is_duplex(settings)) {
    made = services_.duplex->upstream(io_.get_executor(), duplex_options(settings, std::move(tls)));
  } else {
    made = upstream::make_http_upstream(io_.get_executor(), http_options(settings, std::move(tls)));
  }
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

void Worker::drain() {
  draining_ = true;
  for (auto* connection : std::vector<Connection*>(connections_.begin(), connections_.end()))
    connection->close_if_idle();
  for (auto* stream : std::vector<OpenStream*>(streams_.begin(), streams_.end())) {
    if (stream->listening) stream->end();
  }
}

void Worker::stop() {
  for (auto* connection : std::vector<Connection*>(connections_.begin(), connections_.end())) connection->close();
}

}  // namespace postern::server
