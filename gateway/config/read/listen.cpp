#include "config/forms.hpp"
#include "config/read/reading.hpp"
#include "config/text/ticked.hpp"
#include "http/url/url.hpp"

namespace postern::config {
namespace {

std::string required_file(Reading& reading, MapReader& reader, std::string_view key) {
  const auto text = reader.text(key, true);
  return text ? readable_file(reading, *text, key) : std::string();
}

void read_tls(Reading& reading, const Value& value, Listener& listener) {
  MapReader reader(value, "tls", reading.faults);
  const auto* certificates = reader.list("certificates", true);
  reading.finish(reader, "listen[].tls");
  if (!certificates) return;
  if (certificates->items.empty()) {
    reading.faults.add(certificates->at, "`certificates` is empty: TLS needs at least one");
  }
  for (const auto& item : certificates->items) {
    MapReader entry(item, "certificates entry", reading.faults);
    Certificate certificate;
    certificate.at = item.at;
    certificate.certificate = required_file(reading, entry, "certificate");
    certificate.key = required_file(reading, entry, "key");
    reading.finish(entry, "listen[].tls.certificates[]");
    listener.certificates.push_back(std::move(certificate));
  }
}

void read_serve(MapReader& reader, Listener& listener) {
  std::size_t serve = 0;
  const auto admin = not_yet("serve: admin", "use the `postern` commands");
  const std::vector<RefusedWord> refused{
      {"admin", admin},
      {"metrics",
       "`serve` must be `gateway` or `operations`, not `metrics`: `operations` answers /metrics, /livez and "
       "/readyz"}};
  if (!reader.choice("serve", serve, {"gateway", "operations"}, refused)) return;
  if (serve == 1) listener.serve = Serve::operations;
}

bool read_address(MapReader& reader, Listener& listener) {
  const auto text = reader.text("address", true);
  if (!text) return false;
  const auto address = parse_bind_address(text->value);
  if (!address) {
    reader.faults().add(text->at, "`address` " + text->written +
                                      " must be an IP address and a port, such as 0.0.0.0:8443 or [::1]:8443");
    return false;
  }
  listener.host = address->host;
  listener.port = address->port;
  return true;
}

// Tokens and passwords must never cross a network in the clear because a key was forgotten.
void check_transport(Reading& reading, const MapReader& reader, const Listener& listener) {
  const bool tls = reader.has("tls");
  if (tls && listener.behind_proxy) {
    reading.faults.add(reader.at("behind_proxy"),
                       "`behind_proxy` says that a proxy in front ends TLS: remove it or remove `tls`");
  }
  if (listener.behind_proxy && listener.serve == Serve::operations) {
    reading.faults.add(reader.at("behind_proxy"), "`behind_proxy` has no meaning with `serve: operations`: remove it");
  }
  if (!tls && !listener.behind_proxy && listener.serve == Serve::gateway && !is_loopback_address(listener.host)) {
    reading.faults.add(reader.at("address"),
                       "this listener takes plaintext from the network: give `tls`, or `behind_proxy: true` when a "
                       "trusted proxy in front ends TLS");
  }
}

void check_free(Reading& reading, const Listener& listener) {
  if (listener.port == 0) return;
  const auto family = [](const Listener& l) { return l.host.find(':') == std::string::npos; };
  for (const auto& other : reading.config.listen) {
    if (other.port != listener.port || family(other) != family(listener)) continue;
    if (other.host == listener.host || is_wildcard_address(other.host) || is_wildcard_address(listener.host)) {
      reading.faults.add(listener.at, "this listener and the one at " + to_string(other.at) + " take the same port");
      return;
    }
  }
}

void read_listener(Reading& reading, const Value& item) {
  MapReader reader(item, "listen entry", reading.faults);
  Listener listener;
  listener.at = item.at;
  const bool bound = read_address(reader, listener);
  read_serve(reader, listener);
  reader.boolean("behind_proxy", listener.behind_proxy);
  if (const auto* tls = reader.map("tls")) read_tls(reading, *tls, listener);
  reading.finish(reader, "listen[]");
  if (!bound) return;
  check_transport(reading, reader, listener);
  check_free(reading, listener);
  reading.config.listen.push_back(std::move(listener));
}

}  // namespace

void read_listen(Reading& reading, MapReader& top) {
  const auto* list = top.list("listen", true);
  if (!list) return;
  if (list->items.empty()) reading.faults.add(list->at, "`listen` is empty: give at least one address");
  for (const auto& item : list->items) read_listener(reading, item);
}

void read_trusted_proxies(Reading& reading, MapReader& top) {
  std::size_t header = 0;
  if (top.choice("client_ip_header", header, {"X-Forwarded-For", "Forwarded"})) {
    reading.config.client_ip_header = static_cast<ClientIpHeader>(header);
  }
  const auto networks = top.texts("trusted_proxies", false, true);
  if (!networks) return;
  for (const auto& text : *networks) {
    const auto network = canonical_network(text.value);
    if (!network) {
      reading.faults.add(text.at, "`trusted_proxies` " + text.written +
                                      " must be a network such as 10.0.0.0/8 or fd00::/8, without bits set beyond "
                                      "its prefix");
      continue;
    }
    if (network->ends_with("/0")) {
      reading.warn(text.at, "`trusted_proxies` trusts every address: anybody can claim to be any client");
    }
    reading.config.trusted_proxies.push_back(*network);
  }
}

void read_origins(Reading& reading, MapReader& top) {
  const auto origins = top.texts("origins", false, true);
  if (!origins) return;
  for (const auto& text : *origins) {
    const auto url = http::parse_url(text.value);
    const bool web = url && (url->scheme == "https" || url->scheme == "http");
    if (!web || url->origin() != text.value) {
      reading.faults.add(text.at, "`origins` " + text.written +
                                      " must be an origin as browsers send it, such as https://app.example.test: in "
                                      "lower case, without path, slash or default port");
      continue;
    }
    if (url->scheme == "http" && !url->is_loopback()) {
      reading.warn(text.at, "`origins` trusts a page that came without TLS: whoever is on the way can change it");
    }
    reading.config.origins.push_back(text.value);
  }
}

}  // namespace postern::config
