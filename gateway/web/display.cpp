#include "web/display.hpp"

#include <array>
#include <cstdint>
#include <cstdio>

#include "base/encoding.hpp"
#include "http/url/url.hpp"

namespace postern::web {
namespace {

struct Character {
  std::uint32_t value = 0;
  std::size_t length = 1;  // bytes
};

// `text` is well-formed UTF-8.
Character first_character(std::string_view text) noexcept {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  std::uint32_t value = length == 1 ? lead : lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) value = value << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  return {value, length};
}

bool is_hidden(std::uint32_t c) noexcept {
  return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0xAD || c == 0x61C || c == 0x180E || c == 0x200B || c == 0x200E ||
         c == 0x200F || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
         (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE007F);
}

std::string only_utf8(std::string_view text) {
  std::string clean(text);
  if (is_valid_utf8(text)) return clean;
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return clean;
}

}  // namespace

std::string display_text(std::string_view text, std::size_t characters) {
  const std::string clean = only_utf8(text);
  std::string out;
  std::size_t shown = 0;
  for (std::string_view rest = clean; !rest.empty();) {
    const auto [value, length] = first_character(rest);
    if (!is_hidden(value)) {
      if (shown++ == characters) return out + "…";
      out += rest.substr(0, length);
    }
    rest.remove_prefix(length);
  }
  return out;
}

std::string client_standing(const store::Client& client) {
  if (store::is_document_url(client.id)) {
    if (const auto url = http::parse_url(client.id)) return "identified by " + url->host;
  }
  return client.dynamic ? "registered dynamically; the name is not verified" : "added by an administrator";
}

std::string display_day(Time time) {
  constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
  return std::to_string(static_cast<unsigned>(day.day())) + " " + kMonths.at(static_cast<unsigned>(day.month()) - 1) +
         " " + std::to_string(static_cast<int>(day.year()));
}

std::string display_time(Time time) {
  const auto minutes = std::chrono::floor<std::chrono::minutes>(time - std::chrono::floor<std::chrono::days>(time));
  char clock[16];
  std::snprintf(clock, sizeof clock, "%02d:%02d", static_cast<int>(minutes.count() / 60),
                static_cast<int>(minutes.count() % 60));
  return display_day(time) + ", " + clock + " UTC";
}

Destination destination_of(std::string_view redirect_uri) {
  const auto url = http::parse_url(redirect_uri);
  if (!url)
    return {.text = "an address that cannot be shown", .warning = "Do not approve this.", .form_action = "'self'"};
  // Browsers hold form-action against every hop that follows a form, also against those that the client's own callback
  // makes later (to its web page, to its app). Which ones cannot be known here, so nothing is said about web targets;
  // apart from the form of the page there is nothing to be submitted.
  if (url->scheme == "https" || url->scheme == "http") {
    std::string host = url->host;
    if (!url->port.empty()) host += ":" + url->port;
    if (!url->is_loopback()) return {.text = host, .warning = {}, .form_action = {}};
    return {.text = "an app on this computer (" + host + ")",
            .warning =
                "The app runs on this computer, and any program on it can claim this name. Approve only if you "
                "have just started to connect it yourself.",
            .form_action = {}};
  }
  // RFC 8252 section 8.6: which app gets a private-use scheme is up to the system. An app has no further hops.
  return {.text = "the app on this device that opens " + url->scheme + ": links",
          .warning = "Any app on this device can claim " + url->scheme +
                     ": links. Approve only if you have just started to connect it yourself.",
          .form_action = "'self' " + url->scheme + ":"};
}

}  // namespace postern::web
