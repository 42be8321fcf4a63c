#include "web/app_request.hpp"

#include <utility>
#include <variant>

#include "http/form.hpp"
#include "oauth/error.hpp"

namespace postern::web {

std::optional<oauth::AuthorizationRequest> app_request(const std::string& continue_to, const oauth::Context& context) {
  const auto mark = continue_to.find('?');
  if (mark == std::string::npos || continue_to.compare(0, mark, context.server.endpoints.authorize) != 0) {
    return std::nullopt;
  }
  const auto form = http::Form::parse(std::string_view(continue_to).substr(mark + 1));
  if (!form) return std::nullopt;
  auto checked = oauth::check_authorization(*form, context);
  auto* wanted = std::get_if<oauth::AuthorizationRequest>(&checked);
  return wanted == nullptr ? std::nullopt : std::optional(std::move(*wanted));
}

std::string way_to_app(const oauth::AuthorizationRequest& asked, const oauth::Context& context) {
  const auto state = asked.has_state ? std::optional(asked.state) : std::nullopt;
  const auto why = oauth::oauth_error("access_denied", "The user could not sign in.");
  return oauth::error_location(asked.redirect_uri, why, state, context);
}

WaysOn ways_on(const std::string& continue_to, const oauth::Context& context) {
  WaysOn ways;
  ways.again = continue_to;
  if (const auto asked = app_request(continue_to, context)) ways.app = way_to_app(*asked, context);
  return ways;
}

}  // namespace postern::web
