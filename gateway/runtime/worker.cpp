#include "runtime/worker.hpp"

#include <utility>
#include <vector>

namespace postern::runtime {

Worker::Worker(Services& services, edge::Places& places, std::shared_ptr<const Generation> generation)
    : services_(services),
      generation_(std::move(generation)),
      connections_(io_,
                   {services.log, services.metrics, services.said, services.counters.refusals,
                    services.counters.endpoint_bodies, places},
                   [this] { return std::shared_ptr<const edge::Settings>(generation_, &generation_->edge()); }) {}

Worker::~Worker() = default;

upstream::Upstream& Worker::upstream(const Generation& generation, const config::Upstream& settings) {
  auto& made = upstreams_[settings.name];
  if (!made) made = generation.upstreams().make(io_.get_executor(), settings);
  return *made;
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
  connections_.drain();
  for (auto* stream : std::vector<OpenStream*>(streams_.begin(), streams_.end())) {
    if (stream->listening) stream->end();
  }
}

void Worker::stop() { connections_.close_all(); }

}  // namespace postern::runtime
