#include <algorithm>
#include <iterator>
#include <set>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/encoding.hpp"
#include "base/json_cost.hpp"
#include "base/strings.hpp"
#include "crypto/hash.hpp"
#include "idp/provider_metadata.hpp"
#include "mcp/answer.hpp"
#include "mcp/list_filter.hpp"
#include "mcp/repair.hpp"
#include "proxy/body_shares.hpp"
#include "proxy/callers.hpp"
#include "proxy/long_work.hpp"
#include "proxy/phases/upstream_request.hpp"
#include "proxy/rest/rest_api.hpp"
#include "proxy/rest/rest_client.hpp"
#include "proxy/upstream_failure.hpp"
#include "rest/calls.hpp"

namespace postern::proxy {
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

// What tools of that size take as values.
std::size_t bytes_as_values(std::size_t size) { return 3 * size; }

// A page of the list, on its way to be tools.
struct UnreadPage {
  RestAnswer answer;
  bool no_room = false;
  Result<rest::ToolPage> page = rest::ToolPage();
  std::size_t bytes = 0;  // of its tools
};

// On any thread. An entry is there twice for a moment.
void read(UnreadPage& unread) {
  unread.answer.message = nullptr;
  const auto& text = unread.answer.text;
  const auto values = 2 * parsed_bytes(text, mcp::kListLimits);
  unread.no_room = !unread.answer.share.grow_to_work(text.size() + mcp::repaired_size(text) + values);
  if (unread.no_room) return;
  unread.page = rest::read_tools(text);
  if (!unread.page) return;
  for (const auto& tool : unread.page->tools) unread.bytes += size_of(tool);
}

// All that the documents of a caller are made of.
struct Making {
  std::shared_ptr<const runtime::Generation> generation;  // whose resource it is
  const tenant::Resource& resource;
  policy::Caller caller;
  rest::Api api;
  limits::BodyShare share;
  std::size_t bytes = 0;  // of the tools
  bool no_room = false;
  std::shared_ptr<RestTools> made = std::make_shared<RestTools>();
};

// Of a tool, beside what the policy demands.
void add_required(const tenant::Resource& resource, std::vector<std::string>& scopes) {
  if (!resource.server->external) return;
  for (const auto& scope : resource.server->external->required_scopes) {
    if (std::ranges::find(scopes, scope) == scopes.end()) scopes.push_back(scope);
  }
}

// Of tools of one name the first counts.
void leave_visible(Making& making) {
  const auto& policy = *making.resource.policy;
  std::set<std::string> seen;
  std::erase_if(making.made->tools, [&](const rest::Tool& tool) {
    return !seen.insert(tool.name).second || !policy.visible(mcp::ListKind::tools, tool.name, making.caller);
  });
}

std::vector<rest::UsableTool> usable_of(const Making& making) {
  std::vector<rest::UsableTool> usable;
  for (const auto& tool : making.made->tools) {
    auto scopes = making.resource.policy->usable(tool.name, making.caller);
    if (!scopes) continue;
    add_required(making.resource, *scopes);
    usable.push_back({&tool, std::move(*scopes)});
  }
  return usable;
}

// On any thread. The document is there as values beside the tools, and twice as text.
void make_document(Making& making) {
  making.no_room = !making.share.grow_to_work(2 * bytes_as_values(making.bytes) + 2 * making.bytes);
  if (making.no_room) return;
  leave_visible(making);
  const auto usable = usable_of(making);
  auto& made = *making.made;
  // The same tools are the same version.
  making.api.version = hex_encode(crypto::sha256_string(rest::openapi_document(making.api, usable)).substr(0, 6));
  made.document = rest::openapi_document(making.api, usable);
  std::ranges::sort(made.tools, {}, &rest::Tool::name);
  made.bytes = made.document.size();
  for (const auto& tool : made.tools) made.bytes += bytes_as_values(size_of(tool));
}

}  // namespace

// All that a list may depend on: what policy asks about the caller, and what the server behind is told. So tools are
// kept by tenant and scopes, and by user only where the server behind learns who that is.
Result<std::string> RestClient::tools_key() const {
  http::Headers headers;
  if (auto added = add_own_headers(*x_.generation, x_.resource, *x_.principal, headers); !added) return added.error();
  const auto& p = *x_.principal;
  auto scopes = p.scopes;
  std::ranges::sort(scopes);
  std::string key;
  key += p.narrowed ? "narrowed\n" : "whole\n";
  for (const auto& part : {x_.resource.url, p.tenant, p.role, p.plan, join(scopes, " ")}) key += part + '\n';
  for (const auto& [name, value] : headers.all()) key += name + ':' + value + '\n';
  return crypto::sha256_string(key);
}

void RestClient::warn_of(const rest::ToolPage& page) const {
  if (page.left_out == 0) return;
  x_.services().log.warning("list_entries_left_out", {{"request_id", x_.context.id},
                                                      {"upstream", x_.resource.upstream->name},
                                                      {"what", mcp::describe(page.examples, page.left_out)},
                                                      {"entries", page.left_out}});
}

awaitable<MaybeRefusal> RestClient::list(Running& running, std::vector<rest::Tool>& out, limits::BodyShare& share,
                                         std::size_t& bytes) {
  std::string cursor;
  for (std::size_t page = 0; page < kMostPages; ++page) {
    RestAsk what;
    what.method = "tools/list";
    what.limit = kListLimit;
    what.message = [cursor](const std::string& id, bool modern) { return rest::list_message(id, cursor, modern); };
    RestAnswer answer;
    auto refused = co_await ask(running, what, answer);
    if (refused) co_return refused;
    if (!answer.message.contains("result")) co_return broken("the server behind this gateway does not list its tools");
    const auto unread = std::make_shared<UnreadPage>(std::move(answer));
    std::function<void()> work = [unread] { read(*unread); };
    refused = co_await work_on_text(x_, running, unread->answer.text.size(), std::move(work));
    if (refused) co_return refused;
    if (unread->no_room) co_return no_memory_for_answer();
    auto& read = unread->page;
    if (!read) co_return broken("the server behind this gateway sent a list of tools that cannot be read");
    warn_of(*read);
    bytes += unread->bytes;
    if (!share.grow_to_work(bytes_as_values(bytes))) co_return no_memory_for_answer();
    std::ranges::move(read->tools, std::back_inserter(out));
    if (out.size() > kMostTools || bytes > kMostListed) {
      co_return broken("the server behind this gateway lists more tools than REST can carry");
    }
    if (!read->next || *read->next == cursor) co_return std::nullopt;
    cursor = std::move(*read->next);
  }
  co_return broken("the server behind this gateway does not come to the end of its list of tools");
}

// Nothing where tokens are made here, or where the provider cannot be asked: then the document says less.
awaitable<upstream::DocumentText> RestClient::provider_document() {
  const auto& external = x_.resource.server->external;
  if (!external) co_return nullptr;
  auto url = idp::metadata_url(*external);
  auto text = co_await x_.services().published.provider_metadata.get(std::move(url));
  if (!text) co_return nullptr;
  co_return std::move(*text);
}

awaitable<MaybeRefusal> RestClient::tools(Running& running, RestToolsPtr& out) {
  auto key = tools_key();
  if (!key) co_return header_template_failed(x_, key.error());
  out = state_.tools.find(*key, std::chrono::steady_clock::now());
  if (out) co_return std::nullopt;
  auto refused = co_await list_with_others(running, std::move(*key), out);
  co_return refused;
}

awaitable<MaybeRefusal> RestClient::tools_anew(Running& running, RestToolsPtr& out) {
  auto key = tools_key();
  if (!key) co_return header_template_failed(x_, key.error());
  if (!state_.tools.may_ask_anew(*key, std::chrono::steady_clock::now())) co_return std::nullopt;
  auto refused = co_await list_with_others(running, std::move(*key), out);
  co_return refused;
}

// Who waits is told what became of it; where whoever asked has left, the next one asks.
awaitable<MaybeRefusal> RestClient::list_with_others(Running& running, std::string key, RestToolsPtr& out) {
  const auto executor = co_await boost::asio::this_coro::executor;
  // As long as who asks may take to begin a session and to get a page.
  const auto until = std::chrono::steady_clock::now() + 3 * x_.resource.upstream->response_timeout;
  for (;;) {
    const auto waiter = std::make_shared<net::detail::Rendezvous>(executor);
    RestListings::Part part(state_.listings, key, waiter);
    if (part.asks()) {
      auto refused = co_await make_tools(running, key, out);
      // What ends this request alone is no answer for others.
      if (!running.slot.cancelled()) part.found({out, refused});
      co_return refused;
    }
    boost::asio::steady_timer late(executor, until);
    late.async_wait([waiter](const boost::system::error_code& ended) {
      if (!ended) waiter->report();
    });
    running.slot.on_cancel([waiter] { waiter->report(); });
    auto wait = net::detail::Rendezvous::wait(waiter);
    co_await std::move(wait);
    running.slot.on_cancel(nullptr);
    if (running.slot.cancelled()) co_return failure_of_upstream(x_, fail(Errc::cancelled, "the wait for a list ended"));
    const auto outcome = part.outcome();
    if (!outcome) co_return failure_of_upstream(x_, fail(Errc::timed_out, "the list asked for by another one is late"));
    if (outcome->abandoned()) continue;
    out = outcome->tools;
    co_return outcome->refused;
  }
}

awaitable<MaybeRefusal> RestClient::make_tools(Running& running, const std::string& key, RestToolsPtr& out) {
  const auto making = std::make_shared<Making>(x_.generation, x_.resource, policy_caller(*x_.principal));
  making->share = share_of(x_);
  auto& made = making->made;
  made->upstream = x_.resource.upstream->name;
  auto refused = co_await list(running, made->tools, making->share, making->bytes);
  if (refused) co_return refused;
  const auto provider = co_await provider_document();
  making->api = api_of(x_.resource, provider ? std::string_view(*provider) : std::string_view());
  std::function<void()> work = [making] { make_document(*making); };
  refused = co_await work_on_text(x_, running, making->bytes, std::move(work));
  if (refused) co_return refused;
  if (making->no_room) co_return no_memory_for_answer();
  made->fetched = std::chrono::steady_clock::now();
  out = made;
  state_.tools.insert(key, std::move(made));
  co_return std::nullopt;
}

}  // namespace postern::proxy
