#include "server/endpoint_run.hpp"

#include <functional>
#include <utility>

#include "authn/resource_metadata.hpp"
#include "edge/error_body.hpp"
#include "idp/local_users.hpp"
#include "idp/provider_metadata.hpp"
#include "oauth/endpoints/endpoints.hpp"
#include "proxy/rest/rest_api.hpp"
#include "runtime/store_work.hpp"
#include "runtime/tenant_gate.hpp"
#include "server/fetch_wanted.hpp"
#include "server/provider_metadata.hpp"
#include "web/pages.hpp"

namespace postern::server {
namespace {

http::Response nothing_here(const runtime::Route& route, const std::string& id) {
  const std::string text = "There is nothing at this address.";
  return page_or_json(route, 404, "not_found", "Nothing here", text, id);
}

http::Response rest_manifest(const tenant::Resource& resource, oauth::ForeignDocuments& documents) {
  const auto& external = resource.server->external;
  Result<oauth::DocumentText> provider = oauth::DocumentText();
  if (external) provider = documents.get({oauth::DocumentKind::provider_metadata, idp::metadata_url(*external)});
  const auto api = proxy::api_of(resource, provider && *provider ? std::string_view(**provider) : std::string_view());
  return http::json_response(200, rest::plugin_manifest(api), "public, max-age=60");
}

http::Response answer(EndpointRun& run, store::Facets& store, const store::ReadingPass* pass) {
  const runtime::Route& route = run.route;
  const http::Request& request = run.request;
  const runtime::Generation& generation = *run.generation;
  if (route.kind == runtime::RouteKind::callback) {
    return web::callback(request, generation.config().identity.callback, generation.page_seal());
  }
  const auto there = route.resource ? runtime::has_its_tenant(*route.resource, generation)
                                    : runtime::has_its_tenant(*route.server, generation);
  if (!there) return could_not_be_run(there.error(), route, *run.log, request.request_id);
  if (!*there) return nothing_here(route, request.request_id);
  if (route.kind == runtime::RouteKind::resource_metadata) {
    return http::json_response(200, authn::resource_metadata(*route.resource), "public, max-age=60");
  }
  if (route.kind == runtime::RouteKind::provider_metadata) {
    return provider_metadata(*route.resource->server, run.documents, request);
  }
  if (route.kind == runtime::RouteKind::rest_manifest) return rest_manifest(*route.resource, run.documents);
  oauth::Context context = generation.oauth(*route.server, store, run.documents, *run.log);
  context.tool_checks = run.tool_checks.get();
  context.pass = pass;
  const auto& identity = generation.config().identity;
  const idp::LocalUsers users(store.users(), run.services.clock);
  const web::PageContext pages{context, users, identity.session, &identity, &run.password};
  switch (route.kind) {
    case runtime::RouteKind::server_metadata: return oauth::server_metadata(request, context);
    case runtime::RouteKind::openid_configuration: return oauth::openid_configuration(request, context);
    case runtime::RouteKind::token: return oauth::token(request, context);
    case runtime::RouteKind::register_client: return oauth::register_client(request, context);
    case runtime::RouteKind::revoke: return oauth::revoke(request, context);
    case runtime::RouteKind::introspect: return oauth::introspect(request, context);
    case runtime::RouteKind::jwks: return oauth::jwks(request, context);
    case runtime::RouteKind::authorize: return web::authorize(request, pages);
    case runtime::RouteKind::login: return web::login(request, pages);
    case runtime::RouteKind::logout: return web::logout(request, pages);
    case runtime::RouteKind::login_return: return web::return_from_provider(request, pages);
    case runtime::RouteKind::account_apps: return web::account_apps(request, pages);
    case runtime::RouteKind::account_endpoints: return web::account_endpoints(request, pages);
    case runtime::RouteKind::account_tokens: return web::account_tokens(request, pages);
    default: break;
  }
  return nothing_here(route, request.request_id);
}

// Made of the configuration alone, so that it is served while the store is away.
bool needs_no_store(const runtime::Route& route, const runtime::Generation& generation) {
  switch (route.kind) {
    case runtime::RouteKind::callback: return true;
    case runtime::RouteKind::jwks:
      if (route.server->access_token.format == config::TokenFormat::jwt) return false;
      break;
    case runtime::RouteKind::resource_metadata:
    case runtime::RouteKind::server_metadata:
    case runtime::RouteKind::openid_configuration:
    case runtime::RouteKind::provider_metadata:
    case runtime::RouteKind::rest_manifest: break;
    default: return false;
  }
  const auto& tenant = route.resource ? route.resource->fixed_tenant : route.server->tenant;
  return tenant.empty() || generation.directory().is_in_file(tenant);
}

Attempt reading_attempt(EndpointRun& run) {
  store::ReadingPass pass;
  const auto facets = run.services.store.reading(pass);
  auto response = answer(run, *facets, &pass);
  return {std::move(response), pass.wants_write()};
}

}  // namespace

EndpointRun::EndpointRun(runtime::Services& all, runtime::Route to, http::Request what,
                         std::shared_ptr<const runtime::Generation> pinned,
                         std::shared_ptr<std::vector<std::string>> checks, std::shared_ptr<telemetry::Log> lines)
    : services(all),
      route(std::move(to)),
      request(std::move(what)),
      generation(std::move(pinned)),
      tool_checks(std::move(checks)),
      log(std::move(lines)),
      documents(documents_at_hand(all)) {}

// Off the worker's thread, because the store blocks; and first where no write is waited for, since most requests of
// strangers come to nothing that has to be written.
net::awaitable<Result<Attempt>> attempt(std::shared_ptr<EndpointRun> run, bool may_write) {
  auto& services = run->services;
  if (needs_no_store(run->route, *run->generation)) co_return reading_attempt(*run);
  std::function<Attempt()> work = [run] { return reading_attempt(*run); };
  if (may_write) work = [run] { return Attempt{answer(*run, run->services.store, nullptr)}; };
  if (may_write) {
    auto written = co_await runtime::write_store<Attempt>(services, std::move(work));
    co_return written;
  }
  auto read = co_await runtime::read_store<Attempt>(services, std::move(work));
  co_return read;
}

http::Response page_or_json(const runtime::Route& route, int status, std::string_view error, const std::string& title,
                            const std::string& text, const std::string& id) {
  return is_page(route.kind) ? web::error_page(status, title, text, id) : edge::error_response(status, error, text, id);
}

http::Response could_not_be_run(const Error& error, const runtime::Route& route, telemetry::Log& log,
                                const std::string& id) {
  if (error.code == Errc::busy || error.code == Errc::unavailable) {
    auto response =
        page_or_json(route, 503, "temporarily_unavailable", "Busy", "The gateway is busy; try again in a moment.", id);
    response.headers.set("Retry-After", "2");
    return response;
  }
  log.error("endpoint_failed", {{"request_id", id}, {"what", error.what}});
  return page_or_json(route, 500, "server_error", "Something went wrong",
                      "The gateway met an error; its log says more.", id);
}

}  // namespace postern::server
