#include "web/account/account.hpp"

#include <algorithm>
#include <utility>

#include "http/url/url.hpp"
#include "web/display.hpp"
#include "web/response.hpp"

namespace postern::web {
namespace {

std::string origin_of(const std::string& issuer) { return issuer.substr(0, issuer.find('/', issuer.find("://") + 3)); }

bool is_of_here(const tenant::Resource& resource, const PageContext& context) {
  return origin_of(resource.server->issuer) == context.oauth.issuer_origin();
}

// A grant whose resource is no longer served is nowhere at home: it is shown wherever its tenant may be.
bool is_of_here(const store::Grant& grant, const PageContext& context) {
  if (const auto resource = context.oauth.catalog.by_canonical(grant.resource)) return is_of_here(*resource, context);
  const auto& tenant = context.oauth.server.tenant;
  return tenant.empty() || tenant == grant.tenant;
}

bool is_for(const tenant::Resource& resource, const tenant::Membership& membership, const PageContext& context) {
  const auto& tenant = membership.tenant;
  return is_of_here(resource, context) && resource.policy->includes_plan(tenant.plan) &&
         (resource.fixed_tenant.empty() || resource.fixed_tenant == tenant.handle);
}

// The canonical address first; resources in the order of the configuration.
void add_reachable(const tenant::Membership& membership, const PageContext& context, std::vector<Reachable>& out) {
  const auto from = out.size();
  for (const auto& configured : context.oauth.catalog.resources()) {
    const auto resource = tenant::for_tenant(configured, membership.tenant.handle);
    if (!is_for(*resource, membership, context)) continue;
    const auto known = std::find_if(out.begin() + static_cast<std::ptrdiff_t>(from), out.end(),
                                    [&](const auto& each) { return each.resource->canonical == resource->canonical; });
    const bool first = http::canonical_resource(resource->url) == resource->canonical;
    if (known == out.end()) {
      out.push_back({membership, resource, {resource->url}});
    } else if (first) {
      known->resource = resource;
      known->urls.insert(known->urls.begin(), resource->url);
    } else {
      known->urls.push_back(resource->url);
    }
  }
}

}  // namespace

boost::system::result<Session, http::Response> require_session(const http::Request& request,
                                                               const PageContext& context) {
  auto session = find_session(request, context);
  if (!session) return store_away(session.error(), request, context.oauth);
  if (*session) return std::move(**session);
  if (request.method == "POST") {
    return refuse(403, "You are signed out", "Nothing was changed. Sign in and open the page again.", request,
                  context.oauth);
  }
  const std::string here = request.query.empty() ? request.path : request.path + "?" + request.query;
  return see_other("/login?continue=" + http::percent_encode(here), context.oauth.secure());
}

boost::system::result<http::Form, http::Response> account_form(const http::Request& request, std::string_view form,
                                                               const Session& session, const PageContext& context) {
  auto sent = own_form(request, context);
  if (!sent || is_form_token(sent->get_or_empty("form_token"), form, session.browser, session.user.key, context))
    return sent;
  return refuse(403, "Nothing was changed", "The form belongs to another account or browser. Open the page again.",
                request, context.oauth);
}

Result<std::vector<Reachable>> reachable(std::string_view user, std::size_t most, const PageContext& context) {
  const auto memberships = context.oauth.directory.memberships(user);
  if (!memberships) return memberships.error();
  std::vector<Reachable> found;
  for (const auto& membership : *memberships) {
    if (found.size() >= most) break;
    add_reachable(membership, context, found);
  }
  return found;
}

Result<std::vector<Reachable>> reachable_in(std::string_view tenant, std::string_view user,
                                            const PageContext& context) {
  const auto membership = context.oauth.directory.membership(user, tenant);
  if (!membership) return membership.error();
  std::vector<Reachable> found;
  if (*membership) add_reachable(**membership, context, found);
  return found;
}

Result<std::vector<store::Grant>> living_grants(std::string_view user, store::GrantKind kind,
                                                const PageContext& context) {
  store::GrantFilter filter;
  filter.user = user;
  auto grants = context.oauth.store.grants().list(filter);
  if (!grants) return grants;
  const Time now = context.oauth.clock.now();
  std::erase_if(*grants, [&](const store::Grant& grant) {
    return grant.kind != kind || grant.expires_at <= now || !is_of_here(grant, context);
  });
  return grants;
}

Result<std::optional<store::Grant>> own_grant(std::string_view id, std::string_view user, store::GrantKind kind,
                                              const PageContext& context) {
  auto grant = context.oauth.store.grants().find_grant(id);
  if (!grant || !*grant) return grant;
  const bool own = (*grant)->user == user && (*grant)->kind == kind && is_of_here(**grant, context);
  return own ? std::move(*grant) : std::nullopt;
}

Result<GrantFacts> Names::facts(const store::Grant& grant) {
  GrantFacts facts;
  auto name = tenant(grant.tenant);
  if (!name) return name.error();
  facts.tenant_name = *std::move(name);
  facts.tenant_handle = grant.tenant;
  facts.url = grant.resource;
  const auto resource = context_.oauth.catalog.by_canonical(grant.resource);
  facts.resource = resource ? resource->name : "no longer served";
  if (resource) facts.url = resource->url;
  for (const auto& scope : grant.scopes) {
    std::string text;
    if (resource) {
      const auto& texts = resource->policy->scopes();
      const auto found = std::ranges::find(texts, scope, &std::pair<std::string, std::string>::first);
      if (found != texts.end()) text = found->second;
    }
    facts.scopes.emplace_back(scope, std::move(text));
  }
  facts.grant = grant.id;
  facts.since = grant.created_at;
  facts.last_used = grant.last_used_at;
  facts.expires = grant.expires_at;
  return facts;
}

Result<std::string> Names::tenant(const std::string& handle) {
  if (const auto known = tenants_.find(handle); known != tenants_.end()) return known->second;
  const auto found = context_.oauth.directory.find(handle);
  if (!found) return found.error();
  return tenants_[handle] = *found && !(*found)->name.empty() ? (*found)->name : handle;
}

Result<std::pair<std::string, std::string>> Names::client(const std::string& id) {
  if (const auto known = clients_.find(id); known != clients_.end()) return known->second;
  std::pair<std::string, std::string> named(id, "no longer registered");
  if (store::is_document_url(id)) {
    // What the document calls its client may change at any time; where it is does not.
    store::Client described;
    described.id = id;
    if (const auto url = http::parse_url(id)) named = {url->host, client_standing(described)};
  } else {
    const auto client = context_.oauth.store.clients().find(id);
    if (!client) return client.error();
    if (*client) named = {(*client)->name.empty() ? id : (*client)->name, client_standing(**client)};
  }
  return clients_[id] = named;
}

AccountHead head_of(const Session& session, AccountPlace place, std::string notice) {
  return {{session.user.name, session.user.email}, place, std::move(notice)};
}

}  // namespace postern::web
