#include "server/duplex_options.hpp"

namespace postern::server {

upstream::ChildOptions child_options(const config::Upstream& settings) {
  return {settings.command, settings.env, settings.directory};
}

upstream::DuplexOptions duplex_options(const config::Upstream& settings, upstream::TlsSource tls) {
  upstream::DuplexOptions options;
  options.name = settings.name;
  options.child = child_options(settings);
  options.urls = settings.urls;
  options.tls = std::move(tls);
  options.shared = settings.shared_process;
  options.processes = settings.processes;
  options.connections = settings.connections;
  options.connect_timeout = settings.connect_timeout;
  options.response_timeout = settings.response_timeout;
  options.stream_idle_timeout = settings.stream_idle_timeout;
  options.session_idle = settings.session_idle;
  return options;
}

}  // namespace postern::server
