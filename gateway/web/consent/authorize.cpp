#include <utility>
#include <variant>
#include <vector>

#include "base/strings.hpp"
#include "http/form.hpp"
#include "http/header/media_type.hpp"
#include "oauth/authorization/authorization.hpp"
#include "oauth/error.hpp"
#include "web/browser.hpp"
#include "web/consent/consent.hpp"
#include "web/consent/request_fault.hpp"
#include "web/pages.hpp"
#include "web/response.hpp"

namespace postern::web {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string request_path(const Pairs& parameters, const PageContext& context) {
  return context.oauth.server.endpoints.authorize + "?" + http::encode_form(parameters);
}

http::Response go_to(const std::string& own_location, const oauth::AuthorizationRequest& asked, const http::Form& form,
                     const http::Request& request, const PageContext& context) {
  if (own_location.size() <= kLongestLocation) return see_other(own_location, context.oauth.secure());
  auto why = oauth::invalid_request("The authorization request is too long.");
  const auto fault = oauth::redirect_error(asked, std::move(why), context.oauth);
  return answer_fault(fault, request_path(form.pairs(), context), request, context);
}

// The request as it goes on after signing in: what asked for that is done by then.
Pairs without_login_prompt(Pairs parameters) {
  for (auto& [name, value] : parameters) {
    if (name != "prompt") continue;
    auto words = split_words(value);
    std::erase_if(words, [](const std::string& word) { return word == "login" || word == "select_account"; });
    value = join(words, " ");
  }
  std::erase_if(parameters, [](const auto& pair) { return pair.first == "prompt" && pair.second.empty(); });
  return parameters;
}

http::Response to_login(const oauth::AuthorizationRequest& asked, const http::Form& form, const http::Request& request,
                        const PageContext& context) {
  const std::string own_request = request_path(without_login_prompt(form.pairs()), context);
  return go_to(sign_in_path(own_request), asked, form, request, context);
}

Result<void> keep_under_way(const store::Client& client, const oauth::Context& context) {
  if (!client.dynamic) return {};
  return context.store.clients().keep_under_way(client.id, context.clock.now(), context.most_unused_clients);
}

http::Response begin(const http::Form& form, const http::Request& request, const PageContext& context) {
  const auto checked = oauth::check_authorization(form, context.oauth);
  if (const auto* error = std::get_if<oauth::PageError>(&checked)) {
    return refuse(error->status, error->title, error->text, request, context.oauth);
  }
  if (const auto* error = std::get_if<oauth::RedirectError>(&checked)) {
    return answer_fault(*error, request_path(form.pairs(), context), request, context);
  }
  const auto& asked = std::get<oauth::AuthorizationRequest>(checked);
  // A form posted by the client's site comes without our cookies (SameSite=Lax); the same request by GET has them.
  if (request.method == "POST") return go_to(request_path(form.pairs(), context), asked, form, request, context);

  // From here on somebody signs in or decides: a crowd of registrations must not take the client away meanwhile.
  const auto kept = keep_under_way(asked.client, context.oauth);
  if (!kept) return store_away(kept.error(), request, context.oauth);
  const auto session = find_session(request, context);
  if (!session) return store_away(session.error(), request, context.oauth);
  if (!*session || asked.prompt_login) return to_login(asked, form, request, context);
  return show_consent(asked, **session, request_path(form.pairs(), context), request, context);
}

// OAuth 2.1 section 3.1: GET, and POST with the parameters in the body.
http::Response begin_by_post(const http::Request& request, const PageContext& context) {
  const auto type = request.header("content-type");
  if (!type || !http::is_media_type(*type, "application/x-www-form-urlencoded")) {
    return refuse(415, "Not a form", "An authorization request is sent as a form.", request, context.oauth);
  }
  const auto form = http::Form::parse(request.body);
  if (!form) return refuse(400, "Not understood", "The authorization request is damaged.", request, context.oauth);
  if (form->get("flow") || form->get("decision")) return decide(request, context);
  return begin(*form, request, context);
}

}  // namespace

http::Response authorize(const http::Request& request, const PageContext& context) {
  if (request.method == "GET") {
    const auto form = http::Form::parse(request.query);
    if (!form) return refuse(400, "Not understood", "The authorization request is damaged.", request, context.oauth);
    return begin(*form, request, context);
  }
  if (request.method != "POST") return method_not_allowed(request, context.oauth);
  if (!request.query.empty()) {
    return refuse(400, "Not understood", "Parameters belong into the body of a POST, not also into its address.",
                  request, context.oauth);
  }
  return begin_by_post(request, context);
}

}  // namespace postern::web
