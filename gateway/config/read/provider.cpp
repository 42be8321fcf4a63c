#include "config/read/provider.hpp"

#include <algorithm>
#include <array>

#include "config/forms.hpp"
#include "config/text/ticked.hpp"
#include "http/url/url.hpp"

namespace postern::config {
namespace {

constexpr std::size_t kLongestName = 256;

bool is_plain(std::string_view text) {
  return text.size() <= kLongestName &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '"' && c != '\\'; });
}

// Why it may not be asked; empty when it may. The sentence's end.
std::string_view url_fault(const http::Url& url) {
  if (url.scheme != "https" && url.scheme != "http") return "is no URL such as https://login.example";
  if (url.has_userinfo) return "must not hold a user name or password";
  if (url.has_query || url.has_fragment) return "must not hold a query (?) or fragment (#)";
  if (url.scheme == "http" && !url.is_loopback()) {
    return "must begin with https://: http:// is for localhost, 127.0.0.1 and [::1] only";
  }
  return {};
}

}  // namespace

void read_url(Reading& reading, MapReader& reader, std::string_view key, std::string& out, bool required) {
  const auto text = reader.text(key, required);
  if (!text) return;
  const auto url = http::parse_url(text->value);
  const auto fault = url ? url_fault(*url) : std::string_view("is no URL such as https://login.example");
  if (fault.empty()) {
    out = text->value;
    return;
  }
  // A password in the URL is no reason to print it.
  const bool shown = text->value.find('@') == std::string::npos;
  reading.faults.add(text->at, ticked(key) + " " + (shown ? text->written + " " : "") + std::string(fault));
}

void read_claim_name(Reading& reading, MapReader& reader, std::string_view key, std::string& out) {
  const auto text = reader.text(key);
  if (!text) return;
  if (!is_plain(text->value)) reading.faults.add(text->at, ticked(key) + " must be the name of a claim");
  out = text->value;
}

std::vector<std::string> plain_texts(Reading& reading, MapReader& reader, std::string_view key, bool required) {
  const auto texts = reader.texts(key, required);
  std::vector<std::string> out;
  if (!texts) return out;
  for (const auto& text : *texts) {
    if (is_plain(text.value)) {
      out.push_back(text.value);
    } else {
      reading.faults.add(text.at, ticked(key) + " " + text.written + " must be plain text without blanks and quotes");
    }
  }
  return out;
}

void read_plain(Reading& reading, MapReader& reader, std::string_view key, std::vector<std::string>& out) {
  auto read = plain_texts(reading, reader, key);
  if (!read.empty()) out = std::move(read);
}

void read_algorithms(Reading& reading, MapReader& reader, std::vector<std::string>& out) {
  constexpr std::array<std::string_view, 4> kKnown = {"RS256", "PS256", "ES256", "EdDSA"};
  const auto texts = reader.texts("algorithms");
  if (!texts) return;
  std::vector<std::string> algorithms;
  for (const auto& text : *texts) {
    if (std::find(kKnown.begin(), kKnown.end(), text.value) == kKnown.end()) {
      reading.faults.add(text.at, "`algorithms` " + text.written + " must be RS256, PS256, ES256 or EdDSA");
    }
    algorithms.push_back(text.value);
  }
  out = std::move(algorithms);
}

void read_handles(Reading& reading, MapReader& reader, std::string_view key,
                  std::map<std::string, std::string, std::less<>>& out) {
  const auto* value = reader.map(key);
  if (!value) return;
  for (const auto& [name, at, where] : value->entries) {
    const auto text = located_text(where, name, reading.faults);
    if (!text) continue;
    if (!is_handle(text->value)) {
      reading.faults.add(text->at, ticked(key) + " " + text->written + " must be a tenant's handle");
    }
    out.emplace(name, text->value);
  }
}

// The users of the store are "local:…", clients that act by themselves "client:…".
std::string_view provider_name_fault(std::string_view name) {
  if (!is_handle(name)) return "stands in its users' names: 1 to 63 lower-case letters, digits and `-`";
  if (name == "local" || name == "client") return "must be another than `local` and `client`, which others are called";
  return {};
}

}  // namespace postern::config
