#include "config/read/reading.hpp"

namespace postern::config {

void read_identity(Reading& reading, MapReader& top) {
  const auto* value = top.map("identity");
  if (!value) return;
  MapReader reader(*value, "identity", reading.faults);
  auto& identity = reading.config.identity;
  reader.boolean("local", identity.local);
  reader.duration("session", identity.session, std::chrono::seconds(1), std::chrono::hours(24 * 30));
  read_providers(reading, reader, identity);
  reading.finish(reader, "identity");
}

}  // namespace postern::config
