#include "web/sign_in/app_request.hpp"

#include <utility>
#include <variant>

#include "config/address_template.hpp"
#include "http/form.hpp"
#include "oauth/error.hpp"
#include "tenant/address_table.hpp"
#include "web/display.hpp"

namespace postern::web {
namespace {

// The sign-in page of an origin belongs to one of its authorization servers; an app may ask any of them.
tenant::ServerPtr server_asked(std::string_view path, const oauth::Context& context) {
  tenant::AddressTable<tenant::ServerPtr> endpoints;
  for (const auto& server : context.catalog.servers()) {
    const auto issuer = config::address_parts(server->issuer);
    if (issuer && !server->external) endpoints.add(issuer->origin, server->endpoints.authorize, server);
  }
  const auto found = endpoints.find(context.issuer_origin(), path);
  return found ? tenant::for_tenant(*found->value, found->handle) : nullptr;
}

oauth::Context at_server(const config::AuthorizationServer& server, const oauth::Context& context) {
  return {server,      context.catalog, context.directory, context.store, context.seal,       context.clock,
          context.log, context.keys,    context.documents, context.pass,  context.tool_checks};
}

}  // namespace

std::optional<AppRequest> app_request(const std::string& continue_to, const oauth::Context& context) {
  const auto mark = continue_to.find('?');
  if (mark == std::string::npos) return std::nullopt;
  const std::string_view asked = continue_to;
  auto server = server_asked(asked.substr(0, mark), context);
  const auto form = http::Form::parse(asked.substr(mark + 1));
  if (!server || !form) return std::nullopt;
  auto checked = oauth::check_authorization(*form, at_server(*server, context));
  if (auto* good = std::get_if<oauth::AuthorizationRequest>(&checked)) {
    return AppRequest{std::move(*good), {}, std::move(server)};
  }
  if (auto* fault = std::get_if<oauth::RedirectError>(&checked)) {
    return AppRequest{std::move(fault->request), std::move(fault->error.error), std::move(server)};
  }
  return std::nullopt;
}

std::string way_to_app(const AppRequest& request, const oauth::Context& context) {
  const auto& asked = request.asked;
  const auto state = asked.has_state ? std::optional(asked.state) : std::nullopt;
  const auto why = oauth::oauth_error("access_denied", "The user could not sign in.");
  return oauth::error_location(asked.redirect_uri, why, state, at_server(*request.server, context));
}

WaysOn ways_on(const std::string& continue_to, const oauth::Context& context) {
  WaysOn ways;
  ways.again = continue_to;
  const auto wanted = app_request(continue_to, context);
  if (!wanted || !wanted->error.empty()) return ways;
  ways.app = way_to_app(*wanted, context);
  ways.destination = destination_of(wanted->asked.redirect_uri).text;
  return ways;
}

}  // namespace postern::web
