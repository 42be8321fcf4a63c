#include <algorithm>
#include <set>

#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "crypto/hash.hpp"
#include "rest/calls.hpp"
#include "server/rest_client.hpp"

namespace postern::server {
namespace {

constexpr std::size_t kMostPages = 100;
constexpr std::size_t kMostTools = 2000;
constexpr std::size_t kListLimit = 4 * 1024 * 1024;   // bytes of a page
constexpr std::size_t kMostListed = 8 * 1024 * 1024;  // of all pages, about

authn::Refusal broken(std::string what) { return refusal(502, "upstream_error", std::move(what)); }

std::size_t size_of(const rest::Tool& tool) {
  return sizeof tool + tool.name.size() + tool.title.size() + tool.description.size() + tool.input.dump().size() +
         tool.output.dump().size();
}

std::string origin_of(std::string_view url) {
  return std::string(url.substr(0, std::min(url.find('/', url.find("://") + 3), url.size())));
}

}  // namespace

rest::Api api_of(const tenant::Resource& resource) {
  const auto& server = *resource.server;
  rest::Api api;
  api.name = resource.name;
  api.origin = resource.origin;
  api.version = "1";
  api.authorize_url = origin_of(server.issuer) + server.endpoints.authorize;
  api.token_url = origin_of(server.issuer) + server.endpoints.token;
  api.scopes = resource.policy->scopes();
  api.default_scopes = resource.policy->default_scopes();
  return api;
}

// All that a list may depend on: what policy asks about the caller, and what the server behind is told. So tools are
// kept by tenant and scopes, and by user only where the server behind learns who that is.
Result<std::string> RestClient::tools_key() const {
  http::Headers headers;
  if (auto added = add_own_headers(x_, headers); !added) return added.error();
  const auto& p = *x_.principal;
  auto scopes = p.scopes;
  std::ranges::sort(scopes);
  std::string key;
  for (const auto& part : {x_.resource.url, p.tenant, p.role, p.plan, join(scopes, " ")}) key += part + '\n';
  for (const auto& [name, value] : headers.all()) key += name + ':' + value + '\n';
  return crypto::sha256_string(key);
}

awaitable<MaybeRefusal> RestClient::list(Running& running, std::vector<rest::Tool>& out) {
  std::string cursor;
  std::size_t bytes = 0;
  for (std::size_t page = 0; page < kMostPages; ++page) {
    RestAsk what;
    what.method = "tools/list";
    what.limit = kListLimit;
    what.message = [cursor](const std::string& id, bool modern) { return rest::list_message(id, cursor, modern); };
    nlohmann::json answer;
    auto refused = co_await ask(running, what, answer);
    if (refused) co_return refused;
    if (!answer.contains("result")) co_return broken("the server behind this gateway does not list its tools");
    auto read = rest::read_tools(answer["result"]);
    if (!read) co_return broken("the server behind this gateway sent a list of tools that cannot be read");
    for (auto& tool : read->tools) {
      bytes += size_of(tool);
      out.push_back(std::move(tool));
    }
    if (out.size() > kMostTools || bytes > kMostListed) {
      co_return broken("the server behind this gateway lists more tools than REST can carry");
    }
    if (!read->next || *read->next == cursor) co_return std::nullopt;
    cursor = std::move(*read->next);
  }
  co_return broken("the server behind this gateway does not come to the end of its list of tools");
}

awaitable<MaybeRefusal> RestClient::tools(Running& running, bool fresh, RestToolsPtr& out) {
  const auto key = tools_key();
  if (!key) co_return header_template_failed(x_, key.error());
  out = fresh ? nullptr : state_.tools.find(*key, std::chrono::steady_clock::now());
  if (out) co_return std::nullopt;
  auto made = std::make_shared<RestTools>();
  made->upstream = x_.resource.upstream->name;
  auto refused = co_await list(running, made->tools);
  if (refused) co_return refused;

  const auto& policy = *x_.resource.policy;
  const policy::Caller caller{x_.principal->scopes, x_.principal->role, x_.principal->plan};
  // Of tools of one name the first counts.
  std::set<std::string> seen;
  std::erase_if(made->tools, [&](const rest::Tool& tool) {
    return !seen.insert(tool.name).second || !policy.visible(mcp::ListKind::tools, tool.name, caller);
  });
  std::vector<rest::UsableTool> usable;
  for (const auto& tool : made->tools) {
    if (auto scopes = policy.usable(tool.name, caller)) usable.push_back({&tool, std::move(*scopes)});
  }
  auto api = api_of(x_.resource);
  // The same tools are the same version.
  api.version = hex_encode(crypto::sha256_string(rest::openapi_document(api, usable)).substr(0, 6));
  made->document = rest::openapi_document(api, usable);
  std::ranges::sort(made->tools, {}, &rest::Tool::name);
  made->bytes = made->document.size();
  for (const auto& tool : made->tools) made->bytes += 3 * size_of(tool);  // as values
  made->fetched = std::chrono::steady_clock::now();
  out = made;
  state_.tools.insert(*key, std::move(made));
  co_return std::nullopt;
}

}  // namespace postern::server
