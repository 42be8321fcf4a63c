#pragma once

#include "config/config.hpp"
#include "upstream/duplex/duplex_server.hpp"

namespace postern::runtime {

// Spoken to over a channel that is kept open, by the hub's thread, rather than with a request each.
inline bool is_duplex(const config::Upstream& settings) noexcept { return settings.sse || !settings.command.empty(); }

upstream::ChildOptions child_options(const config::Upstream& settings);
upstream::HttpUpstreamOptions http_options(const config::Upstream& settings, upstream::TlsSource tls);
upstream::DuplexOptions duplex_options(const config::Upstream& settings, upstream::TlsSource tls);

}  // namespace postern::runtime
