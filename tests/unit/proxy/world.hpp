#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "crypto/aead.hpp"
#include "proxy/mcp/mcp_endpoint.hpp"
#include "proxy/mcp_exchange.hpp"
#include "proxy/phases/phases.hpp"
#include "proxy/refusals.hpp"
#include "proxy/rest/rest_state.hpp"
#include "runtime/services.hpp"
#include "runtime/worker.hpp"
#include "token/opaque.hpp"
#include "unit/policy/support.hpp"
#include "unit/proxy/fake_client.hpp"
#include "unit/proxy/fake_upstream.hpp"
#include "unit/tenant/test_store.hpp"
#include "unit/token/manual_clock.hpp"

namespace postern::proxy {

using namespace std::chrono_literals;
using net_testing::must;

inline constexpr auto* kResource = "https://ai.example.test/mcp";

// `use` to connect, `read` for the tool `read_link`; `edit_link` is for editors alone, `drop_table` for nobody.
inline constexpr auto* kPolicy = R"(
policy: links
scopes: {use: Use it, read: Read, write: Write}
default_scopes: [use]
connect: [use]
roles: {viewer: [use, read], editor: [use, read, write]}
rules:
  - {tools: [drop_table], deny: true}
  - {tools: ["read_*"], scopes: [read]}
  - {tools: ["write_*"], scopes: [write]}
  - {tools: ["edit_*"], scopes: [read], roles: [editor]}
otherwise: allow
)";

// Events and their fields, in the order in which they came.
class KeptLog final : public telemetry::Log {
 public:
  bool enabled(telemetry::Level) const noexcept override { return true; }
  void write(telemetry::Level, std::string_view event, std::span<const telemetry::Field> fields) override {
    keep(event, fields);
  }
  void audit(std::string_view event, std::span<const telemetry::Field> fields) override { keep(event, fields); }

  bool has(std::string_view part) const {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(lines_, [&](const auto& line) { return line.find(part) != std::string::npos; });
  }
  std::string last() const {
    const std::lock_guard lock(mutex_);
    return lines_.empty() ? "" : lines_.back();
  }

 private:
  void keep(std::string_view event, std::span<const telemetry::Field> fields) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(telemetry::format_line(0, "any", event, fields));
  }

  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

inline config::Config site() {
  config::Config config;
  config.authorization_servers.resize(1);
  config.authorization_servers[0].name = "main";
  config.authorization_servers[0].issuer = "https://ai.example.test";
  config.upstreams.resize(1);
  config.upstreams[0].name = "tools";
  config.upstreams[0].urls = {"http://127.0.0.1:1/mcp"};
  config.upstreams[0].first_check = false;
  config.resources.resize(1);
  config.resources[0].serve = kResource;
  config.resources[0].upstream = "tools";
  config.resources[0].policy = "links";
  config.resources[0].authorization_server = "main";
  return config;
}

// A gateway without sockets: the real store, cache, policies and counters, a fake server behind, and clients as the
// test makes them. One worker, which runs while the test waits.
class World {
 public:
  using Configure = std::function<void(config::Config&)>;

  explicit World(const Configure& configure = {}, std::string_view policy = kPolicy)
      : config_(site()), policies_{{"links", policy::policy_of(policy)}} {
    if (configure) configure(config_);
    parts_ = std::make_unique<Parts>(*this);
    const std::shared_ptr<void> nobody;  // owns the factory: the test does
    runtime::GenerationParts parts{
        .config = config_,
        .policies = policies_,
        .upstreams = {nobody, &upstreams},
        .fetchers = std::make_shared<runtime::Fetchers>(upstream::FetcherOptions(), upstream::FetcherOptions(), clock)};
    generation = std::make_shared<const runtime::Generation>(std::move(parts), services());
    worker = std::make_unique<runtime::Worker>(services(), parts_->places, generation);
    must(store->tenants().apply({.tenants = {{"acme", "Acme", "business"}, {"globex", "Globex", ""}}}));
    add_user("alice");
    must(store->tenants().apply({.members = {{"local:alice", "acme", "editor"}}}));
    store->on_change([this](const std::vector<store::Change>& changes) {
      const auto touched = token::touched_by(changes);
      tokens.drop(touched);
      boost::asio::post(worker->io(), [this, touched] { worker->end_streams_of(touched); });
    });
  }
  ~World() { stop(); }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  runtime::Services& services() { return parts_->services; }
  Script& behind() { return upstreams.script; }
  boost::asio::io_context& io() { return worker->io(); }
  const tenant::Resource& resource(std::size_t number = 0) const { return *generation->catalog().resources()[number]; }

  void add_user(const std::string& name) {
    store::User user;
    user.key = "local:" + name;
    user.name = name;
    must(store->users().add(user));
  }

  // An access token of a grant of its own, with those scopes.
  std::string token(std::vector<std::string> scopes = {"use", "read"}, const std::string& user = "local:alice",
                    const std::string& tenant = "acme", const std::string& for_resource = kResource) {
    store::Grant grant;
    grant.id = "grant-" + std::to_string(++grants_);
    grant.kind = store::GrantKind::minted;
    grant.user = user;
    grant.tenant = tenant;
    grant.resource = for_resource;
    grant.scopes = scopes;
    grant.created_at = clock.now();
    grant.expires_at = clock.now() + 24h;
    store::AccessToken access;
    auto text = token::make_token("mcpv1_");
    access.hash = token::token_hash(text);
    access.grant = grant.id;
    access.scopes = std::move(scopes);
    access.created_at = clock.now();
    access.expires_at = clock.now() + 10min;
    must(store->grants().add_minted(grant, access));
    return text;
  }
  std::string last_grant() const { return "grant-" + std::to_string(grants_); }

  std::unique_ptr<FakeClient> client(Sent sent) {
    auto made = std::make_unique<FakeClient>(io(), std::move(sent));
    made->request().listener.secure = true;
    return made;
  }
  // What a client of the modern or the legacy era posts.
  std::unique_ptr<FakeClient> caller(const std::string& token, std::string body, Pairs more = {}) {
    Pairs headers{{"Authorization", "Bearer " + token},
                  {"Content-Type", "application/json"},
                  {"Accept", "application/json, text/event-stream"}};
    headers.insert(headers.end(), more.begin(), more.end());
    return client({.headers = std::move(headers), .body = std::move(body)});
  }

  void run(net::awaitable<void> work) { net_testing::run(io(), std::move(work)); }
  // A whole request, from its first phase to the audit line.
  void serve(FakeClient& from) {
    const auto route = generation->router().find(true, "ai.example.test", from.request().head.path);
    if (!route) throw std::runtime_error("nothing is served at " + std::string(from.request().head.path));
    const auto work = [&]() -> net::awaitable<void> { co_await handle_mcp(from, *worker, generation, *route); };
    run(work());
  }

  McpExchange exchange(FakeClient& from, std::size_t number = 0) {
    return McpExchange{from, *worker, from.request(), resource(number), generation};
  }
  // One phase, or what a test does in its place.
  MaybeRefusal phase(const std::function<net::awaitable<MaybeRefusal>()>& work) {
    MaybeRefusal out;
    const auto task = [&]() -> net::awaitable<void> {
      auto refused = co_await work();
      out = std::move(refused);
    };
    run(task());
    return out;
  }
  // What authenticate() and open_body() say of it, one after the other.
  MaybeRefusal open(McpExchange& x) {
    return phase([&]() -> net::awaitable<MaybeRefusal> {
      auto result = co_await authenticate(x);
      if (result) co_return result;
      result = co_await open_body(x);
      co_return result;
    });
  }
  // Takes a call through the phases up to and with authorize(); fails the test when one of them refuses.
  void bring_to_forward(McpExchange& x) {
    auto refused = open(x);
    if (!refused) refused = open_mcp_session(x);
    if (!refused) refused = phase([&] { return authorize(x); });
    if (refused) throw std::runtime_error(refused->error + ": " + refused->description);
  }
  // As the last thing of a test that keeps something of it.
  void stop() {
    if (!parts_) return;
    store->on_change({});
    parts_->stop();
    worker.reset();
    generation.reset();
    parts_.reset();
  }

  tests::TestStore store;
  tests::ManualClock clock;
  KeptLog log;
  std::unique_ptr<telemetry::Metrics> metrics = telemetry::make_metrics();
  token::TokenCache tokens{1000, 60s};
  FakeUpstreams upstreams;
  std::shared_ptr<const runtime::Generation> generation;
  std::unique_ptr<runtime::Worker> worker;
  RestState rest;

 private:
  // What a request never comes to here is there all the same: the services are whole.
  struct Parts {
    explicit Parts(World& world)
        : signing_keys(world.store->keys(), std::string(32, 'm'), world.clock),
          documents(nothing(), pool, world.clock),
          provider_keys(documents, documents),
          services{.store = *world.store,
                   .clock = world.clock,
                   .log = world.log,
                   .metrics = *world.metrics,
                   .said = said,
                   .tokens = world.tokens,
                   .signing_keys = signing_keys,
                   .usage = usage,
                   .pools = {.store_read = pool,
                             .store_write = write_pool,
                             .password = pool,
                             .familiar_password = pool,
                             .long_work = long_pool,
                             .provider = pool},
                   .counters = counters,
                   .seals = seals,
                   .published = {.client_documents = documents,
                                 .client_keys = documents,
                                 .provider_metadata = documents,
                                 .provider_key_sets = documents,
                                 .provider_keys = provider_keys}} {}

    static upstream::Fetching nothing() {
      return [](const auto&, const auto&) { return fail(Errc::unavailable, "there is nothing to be fetched"); };
    }
    void stop() {
      for (auto* each : {&pool, &write_pool, &long_pool}) each->stop();
    }

    const runtime::Seals seals{.session = crypto::Aead(std::string(32, 's')),
                               .consent = crypto::Aead(std::string(32, 'c'))};
    runtime::Counters counters;
    token::SigningKeys signing_keys;
    limits::UsageCounter usage;
    telemetry::SaidOnce said;
    net::OffloadPool pool{"test", 2, 64};
    net::OffloadPool write_pool{"write", 1, 64};
    net::OffloadPool long_pool{"long", 1, 64};
    upstream::Documents documents;
    idp::ProviderKeys provider_keys;
    runtime::Services services;
    edge::Places places;
  };

  config::Config config_;
  runtime::Policies policies_;
  std::unique_ptr<Parts> parts_;
  int grants_ = 0;
};

// A call as clients of the legacy era send it.
inline std::string call_of(const std::string& tool, const std::string& arguments = "{}", const std::string& id = "1") {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"tools/call","params":{"name":")" + tool +
         R"(","arguments":)" + arguments + "}}";
}
inline const std::string kListTools = R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})";

}  // namespace postern::proxy
