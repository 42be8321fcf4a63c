#include "config/read/reading.hpp"

namespace postern::config {

void read_config(const Value& root, Reading& reading) {
  if (root.kind == Value::Kind::null) {
    reading.faults.add(root.at, "the file is empty: it needs at least `listen`");
    return;
  }
  MapReader top(root, "the file", reading.faults);
  if (root.kind != Value::Kind::map) return;
  read_listen(reading, top);
  read_trusted_proxies(reading, top);
  read_store(reading, top);
  read_authorization_servers(reading, top);
  read_identity(reading, top);
  read_tenants(reading, top);
  read_upstreams(reading, top);
  read_resources(reading, top);
  read_origins(reading, top);
  read_policies(reading, top);
  read_limits(reading, top);
  read_fetch(reading, top);
  read_log(reading, top);
  top.count("workers", reading.config.workers, 0, 256);
  reading.finish(top, "");
  // What is wrong with the whole would come of the section that was not read.
  if (top.misspelt().empty()) check_whole(root, reading);
}

}  // namespace postern::config
