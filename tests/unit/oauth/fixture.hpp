#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "crypto/aead.hpp"
#include "crypto/hash.hpp"
#include "http/form.hpp"
#include "oauth/authorization/authorization.hpp"
#include "oauth/context.hpp"
#include "oauth/endpoints/endpoints.hpp"
#include "telemetry/log.hpp"
#include "unit/tenant/test_policy.hpp"
#include "unit/tenant/test_store.hpp"

namespace postern::oauth {

using namespace std::chrono_literals;
using nlohmann::json;
using Pairs = std::vector<std::pair<std::string, std::string>>;

class TestClock final : public Clock {
 public:
  Time now() const noexcept override { return from_millis(now_.load()); }
  Time earliest() const noexcept override { return std::min(now(), from_millis(now_.load() - jumped_.load())); }
  void advance(Duration by) { now_ += by.count(); }
  // Without that time having passed.
  void jump(Duration by) {
    now_ += by.count();
    jumped_ += by.count();
  }

 private:
  std::atomic<std::int64_t> jumped_ = 0;
  std::atomic<std::int64_t> now_{1'800'000'000'000};
};

// Keeps the audit events, and every value that was logged.
class TestLog final : public telemetry::Log {
 public:
  using telemetry::Log::audit;
  bool enabled(telemetry::Level) const noexcept override { return true; }
  void write(telemetry::Level, std::string_view event, std::span<const telemetry::Field> fields) override {
    keep(event, fields);
  }
  void audit(std::string_view event, std::span<const telemetry::Field> fields) override {
    keep(event, fields);
    const std::lock_guard lock(mutex_);
    audited_.emplace_back(event);
  }

  int audited(std::string_view event) const { return static_cast<int>(std::ranges::count(audited_, event)); }
  std::string text() const { return text_; }

 private:
  void keep(std::string_view event, std::span<const telemetry::Field> fields) {
    const std::lock_guard lock(mutex_);
    text_ += event;
    for (const auto& field : fields) {
      if (const auto* value = std::get_if<std::string_view>(&field.value)) text_ += " " + std::string(*value);
    }
    text_ += '\n';
  }

  std::mutex mutex_;
  std::vector<std::string> audited_;
  std::string text_;
};

inline const std::string kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
inline const std::string kOtherVerifier = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
inline std::string challenge_of(const std::string& verifier) {
  return base64url_encode(crypto::sha256_string(verifier));
}

// One authorization server with two resources, two tenants, three users and a store of its own.
class OAuthTest : public testing::Test {
 protected:
  static constexpr const char* kResource = "https://ai.example.test/mcp";
  static constexpr const char* kOtherResource = "https://ai.example.test/other";
  static constexpr const char* kRedirect = "https://app.example.test/cb";
  static constexpr const char* kIssuer = "https://ai.example.test";

  OAuthTest() {
    config_.authorization_servers.resize(1);
    config_.authorization_servers[0].name = "main";
    config_.authorization_servers[0].issuer = config_.authorization_servers[0].key_ring = kIssuer;
    config_.upstreams.resize(1);
    config_.upstreams[0].name = "tools";
    add_resource(kResource);
    add_resource(kOtherResource);
    add_tenant("acme", "business", {{"alice", "editor", {}}, {"bob", "viewer", {}}, {"carol", "nothing", {}}});
    add_tenant("team", "team", {{"alice", "editor", {}}});
    for (const char* name : {"alice", "bob", "carol", "stranger"}) {
      store::User user;
      user.key = std::string("local:") + name;
      user.name = name;
      EXPECT_TRUE(store_->users().add(user));
    }
    add_client("client_a");
    add_client("client_b");
    build();
  }

  void add_resource(const std::string& serve) {
    config::Resource resource;
    resource.serve = serve;
    resource.upstream = "tools";
    resource.policy = "policy";
    resource.authorization_server = "main";
    config_.resources.push_back(resource);
  }
  void add_tenant(const std::string& handle, const std::string& plan, std::vector<config::Member> members) {
    config::TenantEntry tenant;
    tenant.handle = handle;
    tenant.plan = plan;
    tenant.members = std::move(members);
    config_.tenants.push_back(tenant);
  }
  store::Client public_client(const std::string& id) const {
    store::Client client;
    client.id = id;
    client.name = "App " + id;
    client.redirect_uris = {kRedirect};
    client.grant_types = {"authorization_code", "refresh_token"};
    client.application_type = "web";
    client.dynamic = true;
    client.created_at = clock_.now();
    return client;
  }
  void add_client(const std::string& id) { EXPECT_TRUE(store_->clients().add(public_client(id))); }
  void add_confidential_client(const std::string& id, const std::string& secret, bool dynamic = true) {
    auto client = public_client(id);
    client.auth = store::ClientAuth::secret_basic;
    client.secret_hash = crypto::sha256_string(secret);
    client.dynamic = dynamic;
    EXPECT_TRUE(store_->clients().add(client));
  }
  // One that acts by itself (RFC 6749 section 4.4), as the operator adds it, and what it asks for a token with.
  store::Client machine() const {
    auto client = public_client("machine");
    client.name = "Nightly";
    client.dynamic = false;
    client.auth = store::ClientAuth::secret_basic;
    client.secret_hash = crypto::sha256_string("s3cret");
    client.grant_types = {"client_credentials"};
    client.redirect_uris = {};
    client.tenant = "acme";
    client.resource = kResource;
    client.scope = "connect read";
    return client;
  }
  static Pairs machine_request(const std::string& id = "machine") {
    return {{"grant_type", "client_credentials"}, {"client_id", id}, {"client_secret", "s3cret"}};
  }

  // After a change to the configuration.
  void build() {
    policies_["policy"] = std::make_shared<tests::TestPolicy>("policy");
    catalog_ = std::make_unique<tenant::Catalog>(config_, policies_);
    directory_ = std::make_unique<tenant::Directory>(config_, *store_);
  }
  config::AuthorizationServer& server() { return config_.authorization_servers[0]; }
  Context context() {
    return Context{
        config_.authorization_servers[0], *catalog_, *directory_, *store_, seal_, clock_, log_, keys_, &documents_};
  }

  static http::Form form(const Pairs& pairs) { return *http::Form::parse(http::encode_form(pairs)); }
  static http::Request post(const Pairs& pairs) {
    http::Request request;
    request.method = "POST";
    request.fields = {{"Content-Type", "application/x-www-form-urlencoded"}};
    request.body = http::encode_form(pairs);
    request.request_id = "req-1";
    return request;
  }
  http::Response token_request(const Pairs& pairs) { return token(post(pairs), context()); }

  // A code as the consent page makes one.
  std::string new_code(const std::string& client = "client_a", const std::string& user = "local:alice",
                       std::vector<std::string> scopes = {"connect", "read"}, const std::string& tenant = "acme") {
    AuthorizationRequest request;
    request.client.id = client;
    request.redirect_uri = kRedirect;
    request.challenge = challenge_of(kVerifier);
    request.scopes = std::move(scopes);
    request.resource = catalog_->by_indicator(kResource);
    const auto location = approve(make_consent(request, "browser", user, context()), tenant, context());
    EXPECT_TRUE(location);
    return location ? parameter(*location, "code") : "";
  }
  Pairs code_request(const std::string& code, const std::string& client = "client_a") const {
    return {{"grant_type", "authorization_code"},
            {"code", code},
            {"redirect_uri", kRedirect},
            {"client_id", client},
            {"resource", kResource},
            {"code_verifier", kVerifier}};
  }
  Pairs refresh_request(const std::string& refresh, const std::string& client = "client_a") const {
    return {{"grant_type", "refresh_token"}, {"refresh_token", refresh}, {"client_id", client}};
  }
  json new_tokens(const std::string& user = "local:alice", std::vector<std::string> scopes = {"connect", "read"}) {
    return granted(token_request(code_request(new_code("client_a", user, std::move(scopes)))));
  }

  static json granted(const http::Response& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    return json::parse(response.body);
  }
  static std::string error_of(const http::Response& response) {
    const auto body = json::parse(response.body, nullptr, false);
    return body.is_object() ? std::to_string(response.status) + " " + body.value("error", "") : response.body;
  }
  bool access_lives(const std::string& value) {
    const auto found = store_->grants().find_access(crypto::sha256_string(value));
    return found && *found && !(*found)->grant.revoked_at;
  }
  std::string grant_of(const std::string& access) {
    return (*store_->grants().find_access(crypto::sha256_string(access)))->grant.id;
  }

  // A parameter of a Location, decoded; "" when absent.
  static std::string parameter(const std::string& location, const std::string& name) {
    const auto query = location.substr(std::min(location.size(), location.find('?') + 1));
    return http::Form::parse(query)->get_or_empty(name);
  }

  TestClock clock_;
  TestLog log_;
  crypto::Aead seal_{std::string(32, 'k')};
  tests::TestStore store_;
  token::SigningKeys keys_{store_->keys(), std::string(32, 'm'), clock_};
  ForeignDocuments documents_;
  config::Config config_;
  tenant::Catalog::Policies policies_;
  std::unique_ptr<tenant::Catalog> catalog_;
  std::unique_ptr<tenant::Directory> directory_;
};

}  // namespace postern::oauth
