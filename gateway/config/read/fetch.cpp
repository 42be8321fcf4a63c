#include "config/forms.hpp"
#include "config/read/reading.hpp"
#include "config/text/ticked.hpp"

namespace postern::config {
namespace {

void read_private(Reading& reading, MapReader& reader, Fetch& fetch) {
  constexpr std::string_view key = "unsafe_allow_private";
  const auto texts = reader.texts(key, false, true);
  if (!texts) return;
  for (const auto& text : *texts) {
    if (const auto network = canonical_network(text.value)) {
      fetch.allow_private.push_back(*network);
    } else if (is_domain(text.value)) {
      fetch.allow_private.push_back(text.value);
    } else {
      reading.faults.add(text.at, ticked(key) + " " + text.written +
                                      " must be a network such as 10.1.0.0/16 or a host name in lower case");
      continue;
    }
    reading.warn(text.at, "`fetch.unsafe_allow_private` lets whoever names a client_id make this gateway ask " +
                              text.written + ", which is not on the public internet");
  }
}

void read_connect_to(Reading& reading, MapReader& reader, Fetch& fetch) {
  const auto* value = reader.map("unsafe_connect_to");
  if (!value) return;
  for (const auto& [host, at, where] : value->entries) {
    const auto text = located_text(where, host, reading.faults);
    const auto address = text ? parse_bind_address(text->value) : std::nullopt;
    if (!is_domain(host)) {
      reading.faults.add(at, "`unsafe_connect_to` " + ticked(host) + " must be a host name in lower case");
    } else if (text && (!address || address->port == 0)) {
      reading.faults.add(text->at, ticked(host) + " " + text->written +
                                       " must be an IP address and a port, such as 192.0.2.1:443 or [2001:db8::1]:443");
    } else if (address) {
      reading.warn(at, "`fetch.unsafe_connect_to` asks " + text->written + " for what is at " + ticked(host));
      fetch.connect_to.push_back({host, address->host, address->port});
    }
  }
}

}  // namespace

void read_fetch(Reading& reading, MapReader& top) {
  const auto* value = top.map("fetch");
  if (!value) return;
  MapReader reader(*value, "fetch", reading.faults);
  reading.config.fetch.at = value->at;
  const auto ca = reader.text("ca");
  if (ca && ca->value != "system") reading.config.fetch.authorities = readable_file(reading, *ca, "ca");
  read_private(reading, reader, reading.config.fetch);
  read_connect_to(reading, reader, reading.config.fetch);
  reading.finish(reader, "fetch");
}

}  // namespace postern::config
