#include "runtime/upstream_options.hpp"

#include <utility>

namespace postern::runtime {

upstream::ChildOptions child_options(const config::Upstream& settings) {
  return {settings.command, settings.env, settings.directory, settings.log_stderr};
}

upstream::HttpUpstreamOptions http_options(const config::Upstream& settings, upstream::TlsSource tls) {
  upstream::HttpUpstreamOptions options;
  options.name = settings.name;
  options.urls = settings.urls;
  options.tls = std::move(tls);
  options.connections = settings.connections;
  options.connect_timeout = settings.connect_timeout;
  options.response_timeout = settings.response_timeout;
  options.stream_idle_timeout = settings.stream_idle_timeout;
  return options;
}

upstream::DuplexOptions duplex_options(const config::Upstream& settings, upstream::TlsSource tls) {
  upstream::DuplexOptions options;
  static_cast<upstream::HttpUpstreamOptions&>(options) = http_options(settings, std::move(tls));
  options.child = child_options(settings);
  options.shared = settings.shared_process;
  options.processes = settings.processes;
  options.session_idle = settings.session_idle;
  return options;
}

}  // namespace postern::runtime
