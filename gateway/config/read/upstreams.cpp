#include <algorithm>

#include "base/strings.hpp"
#include "config/forms.hpp"
#include "config/read/reading.hpp"
#include "config/text/ticked.hpp"
#include "http/url/target.hpp"
#include "http/url/url.hpp"

namespace postern::config {
namespace {

constexpr Duration kShortest = std::chrono::milliseconds(10);

// Why the URL cannot be used; empty when it can. Addresses behind the gateway are its operator's business, so any host
// will do.
std::string url_refusal(const Text& text) {
  const auto url = http::parse_url(text.value);
  if (!url) return "is no absolute URL such as http://127.0.0.1:3001/mcp";
  if (url->scheme != "http" && url->scheme != "https") return "must begin with http:// or https://";
  if (url->has_userinfo) return "must not hold a user name or password: use `credential` or `headers`";
  if (url->has_fragment) return "must not hold a fragment (#)";
  if (!url->path.empty() && !http::path_fault(url->path).empty()) {
    return "has a path that cannot be sent: " + std::string(http::path_fault(url->path));
  }
  return {};
}

void read_urls(Reading& reading, MapReader& reader, Upstream& upstream) {
  const auto urls = reader.texts("urls", !reader.has("command"));
  if (!urls) return;
  for (const auto& text : *urls) {
    if (const auto why = url_refusal(text); !why.empty()) {
      // A password in the URL is no reason to print it.
      const bool shown = text.value.find('@') == std::string::npos;
      reading.faults.add(text.at, "`urls` item " + (shown ? text.written + " " : "") + why);
    } else if (std::find(upstream.urls.begin(), upstream.urls.end(), text.value) != upstream.urls.end()) {
      reading.faults.add(text.at, "`urls` names " + text.written + " twice");
    } else {
      upstream.urls.push_back(text.value);
    }
  }
}

void read_header(Reading& reading, const Value::Entry& entry, bool credential, Upstream& upstream) {
  if (const auto fault = header_name_fault(entry.key); !fault.empty()) {
    reading.faults.add(entry.at, "the header " + ticked(entry.key) + " " + std::string(fault));
    return;
  }
  if (credential && ascii_iequals(entry.key, "authorization")) {
    reading.faults.add(entry.at, "`credential` already sets the header `Authorization`: give one of the two");
    return;
  }
  for (const auto& [name, value] : upstream.headers) {
    if (!ascii_iequals(name, entry.key)) continue;
    reading.faults.add(entry.at, "the header " + ticked(entry.key) + " is given twice: names differ in case only");
    return;
  }
  const auto text = located_text(entry.value, entry.key, reading.faults);
  if (!text) return;
  if (const auto fault = header_template_fault(text->value); !fault.empty()) {
    reading.faults.add(text->at, "the header " + ticked(entry.key) + " " + std::string(fault));
    return;
  }
  upstream.headers.emplace_back(entry.key, text->value);
}

void read_credential(Reading& reading, const Value& value, Upstream& upstream) {
  MapReader reader(value, "credential", reading.faults);
  if (const auto bearer = reader.text("bearer", true)) {
    const bool legal =
        std::all_of(bearer->value.begin(), bearer->value.end(), [](char c) { return c > 0x20 && c < 0x7F; });
    if (!legal) reading.faults.add(bearer->at, "`bearer` must be printable ASCII without blanks and line ends");
    if (!bearer->filled) {
      reading.warn(bearer->at,
                   "`credential.bearer` stands in the file itself: fill it in with ${NAME} or {file: PATH}");
    }
    upstream.bearer = Secret(bearer->value);
  }
  reading.finish(reader, "upstreams.*.credential");
}

// The server's certificate is checked in any case: there is nothing here to switch that off.
void read_tls(Reading& reading, const Value& value, Upstream& upstream) {
  MapReader reader(value, "tls", reading.faults);
  upstream.tls.at = value.at;
  const auto ca = reader.text("ca");
  if (ca && ca->value != "system") upstream.tls.authorities = readable_file(reading, *ca, "ca");
  const auto certificate = reader.text("certificate", reader.has("key"));
  const auto key = reader.text("key", reader.has("certificate"));
  if (certificate) upstream.tls.certificate = readable_file(reading, *certificate, "certificate");
  if (key) upstream.tls.key = readable_file(reading, *key, "key");
  reading.finish(reader, "upstreams.*.tls");
  const auto secure = [](const std::string& url) { return http::parse_url(url)->scheme == "https"; };
  if (!upstream.urls.empty() && std::none_of(upstream.urls.begin(), upstream.urls.end(), secure)) {
    reading.faults.add(value.at, "`tls` has no meaning here: every one of the `urls` begins with http://");
  }
}

void read_timeouts(Reading& reading, const Value& value, Upstream& upstream) {
  MapReader reader(value, "timeouts", reading.faults);
  reader.duration("connect", upstream.connect_timeout, kShortest, std::chrono::minutes(5));
  reader.duration("response", upstream.response_timeout, kShortest, std::chrono::hours(1));
  reader.duration("stream_idle", upstream.stream_idle_timeout, kShortest, std::chrono::hours(24));
  reader.duration("session_idle", upstream.session_idle, std::chrono::seconds(1), std::chrono::hours(24 * 7));
  reading.finish(reader, "upstreams.*.timeouts");
}

void read_transport(MapReader& reader, Upstream& upstream) {
  std::size_t transport = 0;
  if (reader.choice("transport", transport, {"streamable_http", "sse"})) upstream.sse = transport == 1;
}

void read_upstream(Reading& reading, const Value::Entry& entry) {
  MapReader reader(entry.value, "upstream " + ticked(entry.key), reading.faults);
  Upstream upstream;
  upstream.name = entry.key;
  upstream.at = entry.at;
  read_urls(reading, reader, upstream);
  if (const auto* value = reader.map("tls")) read_tls(reading, *value, upstream);
  read_transport(reader, upstream);
  if (const auto* value = reader.map("credential")) read_credential(reading, *value, upstream);
  if (const auto* headers = reader.map("headers")) {
    for (const auto& header : headers->entries) read_header(reading, header, reader.has("credential"), upstream);
  }
  if (const auto* value = reader.map("timeouts")) read_timeouts(reading, *value, upstream);
  reader.count("connections", upstream.connections, 1, 100'000);
  reader.boolean("first_check", upstream.first_check);
  read_command(reading, reader, entry.at, upstream);
  reading.finish(reader, "upstreams.*");
  reading.config.upstreams.push_back(std::move(upstream));
}

}  // namespace

void read_upstreams(Reading& reading, MapReader& top) {
  const auto* upstreams = top.map("upstreams");
  if (!upstreams) return;
  for (const auto& entry : upstreams->entries) {
    if (is_name(entry.key)) {
      read_upstream(reading, entry);
    } else {
      reading.faults.add(entry.at,
                         "an upstream's name must be letters, digits, `-`, `_` and `.`, not " + ticked(entry.key));
    }
  }
}

}  // namespace postern::config
