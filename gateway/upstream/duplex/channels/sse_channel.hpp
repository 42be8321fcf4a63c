#pragma once

#include <memory>

#include <boost/asio/any_io_executor.hpp>

#include "http/message.hpp"
#include "telemetry/log.hpp"
#include "upstream/duplex/channels/message_channel.hpp"

namespace postern::upstream {

struct DuplexOptions;

// A server of the 2024-11-05 transport: its messages come on the event stream of a GET, ours are posted to where the
// stream's first event says. `headers` go with the GET. What is sent before that event waits for it.
std::shared_ptr<MessageChannel> open_sse_channel(const boost::asio::any_io_executor& executor,
                                                 const DuplexOptions& options, const http::Headers& headers,
                                                 telemetry::Log& log, ChannelEvents events);

}  // namespace postern::upstream
