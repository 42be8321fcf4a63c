#pragma once

#include <memory>
#include <string>

#include <boost/asio/any_io_executor.hpp>

#include "telemetry/log.hpp"
#include "upstream/duplex/channels/child_process.hpp"
#include "upstream/duplex/channels/message_channel.hpp"

namespace postern::upstream {

// A server that speaks on its standard input and output, one message a line (MCP transports, "stdio"), started with
// this call. For each line on its standard error the log has the length, or the text where the options ask for it.
// close() closes its input, then sends
// SIGTERM and SIGKILL to its whole group. Errors: not_found, unavailable, busy, each a sentence.
Result<std::shared_ptr<MessageChannel>> open_stdio_channel(const boost::asio::any_io_executor& executor,
                                                           const std::string& name, const ChildOptions& options,
                                                           telemetry::Log& log, ChannelEvents events);

}  // namespace postern::upstream
