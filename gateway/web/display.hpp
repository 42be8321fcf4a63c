#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "store/records.hpp"

namespace postern::web {

constexpr std::size_t kHeadingText = 40;
constexpr std::size_t kShortText = 80;
constexpr std::size_t kLongText = 200;

// Text that strangers chose (client names above all), fit to stand in a sentence of ours: control characters and those
// that reorder or hide text (Unicode TR 36 section 3) are left out, what is no UTF-8 becomes "?", and past
// `characters` it is cut with an ellipsis. Not escaped.
std::string display_text(std::string_view text, std::size_t characters = kShortText);

// Where a client comes from, and so what its name is worth: "registered dynamically; the name is not verified".
std::string client_standing(const store::Client& client);

// In UTC, since a page without scripts does not know where its reader is.
std::string display_day(Time time);   // "21 Nov 2026"
std::string display_time(Time time);  // "21 Nov 2026, 14:03 UTC"

// Where an approval sends the browser, in words and for the page's policy.
struct Destination {
  std::string text;         // "chatgpt.com"
  std::string warning;      // for targets that any program on the computer can claim; may be empty
  std::string form_action;  // CSP source list; empty: form-action has to stay out
};
Destination destination_of(std::string_view redirect_uri);

}  // namespace postern::web
