#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/encoding.hpp"
#include "crypto/aead.hpp"
#include "crypto/hash.hpp"
#include "crypto/password.hpp"
#include "http/form.hpp"
#include "http/url/url.hpp"
#include "telemetry/log.hpp"
#include "unit/tenant/test_policy.hpp"
#include "unit/tenant/test_store.hpp"
#include "web/pages.hpp"

namespace postern::web {

using namespace std::chrono_literals;
using Pairs = std::vector<std::pair<std::string, std::string>>;

inline const std::string kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
inline constexpr crypto::PasswordCost kCheap{.memory_kib = 8, .passes = 1, .lanes = 1};

class ManualClock final : public Clock {
 public:
  Time now() const noexcept override { return from_millis(millis_); }
  void advance(Duration by) { millis_ += by.count(); }

 private:
  std::atomic<std::int64_t> millis_{1'800'000'000'000};
};

inline std::string header(const http::Response& response, std::string_view name) {
  return std::string(response.headers.get(name).value_or(""));
}

// The value of a parameter of an absolute or relative URL.
inline std::string parameter(const std::string& url, std::string_view name) {
  const auto mark = url.find('?');
  const auto form = http::Form::parse(mark == std::string::npos ? std::string() : url.substr(mark + 1));
  return form ? form->get_or_empty(name) : "";
}

// The value of the input of that name, as a browser would send it.
inline std::string input(const std::string& html, const std::string& name) {
  const auto at = html.find("name=\"" + name + "\"");
  if (at == std::string::npos) return "";
  const auto from = html.find("value=\"", at) + 7;
  std::string value = html.substr(from, html.find('"', from) - from);
  const std::pair<std::string, std::string> entities[] = {
      {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&amp;", "&"}};
  for (const auto& [entity, character] : entities) {
    for (auto i = value.find(entity); i != std::string::npos; i = value.find(entity, i + 1)) {
      value.replace(i, entity.size(), character);
    }
  }
  return value;
}

// The page without its style sheet: what strangers may have had a hand in.
inline std::string markup(const std::string& html) {
  const auto from = html.find("<style>");
  return html.substr(0, from) + html.substr(html.find("</style>"));
}

// A browser as far as these pages see one: keeps cookies and says where a form came from.
class Browser {
 public:
  explicit Browser(std::string origin = "https://ai.example.test") : origin_(std::move(origin)) {}

  std::string peer = "192.0.2.1";

  http::Request get(const std::string& target) const {
    http::Request request = blank("GET", target);
    request.fields.emplace_back("Sec-Fetch-Site", "cross-site");
    return request;
  }
  // As Chromium sends the forms of our pages: "Origin: null" because of their referrer policy.
  http::Request post(const std::string& path, const Pairs& pairs) const {
    http::Request request = blank("POST", path);
    request.fields.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    request.fields.emplace_back("Origin", "null");
    request.fields.emplace_back("Sec-Fetch-Site", "same-origin");
    request.body = http::encode_form(pairs);
    return request;
  }
  void keep(const http::Response& response) {
    for (const auto& [name, value] : response.headers.all()) {
      if (name != "Set-Cookie") continue;
      const auto equals = value.find('=');
      const std::string content = value.substr(equals + 1, value.find(';') - equals - 1);
      cookies_[value.substr(0, equals)] = content;
      if (content.empty()) cookies_.erase(value.substr(0, equals));
    }
  }
  std::string cookie(const std::string& name) const {
    const auto found = cookies_.find(name);
    return found == cookies_.end() ? "" : found->second;
  }
  void set_cookie(const std::string& name, const std::string& value) { cookies_[name] = value; }
  bool has(const std::string& prefix) const {
    return std::ranges::any_of(cookies_, [&](const auto& cookie) { return cookie.first.starts_with(prefix); });
  }
  void forget(const std::string& prefix) {
    std::erase_if(cookies_, [&](const auto& cookie) { return cookie.first.starts_with(prefix); });
  }

 private:
  http::Request blank(const std::string& method, const std::string& target) const {
    http::Request request;
    request.method = method;
    request.path = target.substr(0, target.find('?'));
    if (request.path.size() < target.size()) request.query = target.substr(request.path.size() + 1);
    request.origin = origin_;
    request.peer = peer;
    request.request_id = "req-1";
    std::string cookies;
    for (const auto& [name, value] : cookies_) cookies += (cookies.empty() ? "" : "; ") + name + "=" + value;
    if (!cookies.empty()) request.fields.emplace_back("Cookie", cookies);
    return request;
  }

  std::string origin_;
  std::map<std::string, std::string> cookies_;
};

inline void set_field(http::Request& request, const std::string& name, const std::string& value) {
  std::erase_if(request.fields, [&](const auto& field) { return field.first == name; });
  if (!value.empty()) request.fields.emplace_back(name, value);
}

// One authorization server with a shared and a fixed resource, three tenants, users of one, two and no tenants.
class WebTest : public testing::Test {
 protected:
  static constexpr const char* kResource = "https://ai.example.test/mcp";
  static constexpr const char* kFixed = "https://ai.example.test/acme";
  static constexpr const char* kRedirect = "https://app.example.test/cb";

  WebTest() {
    server().name = "main";
    server().issuer = "https://ai.example.test";
    config_.upstreams.resize(1);
    config_.upstreams[0].name = "tools";
    add_resource(kResource, "");
    add_resource(kFixed, "acme");
    add_tenant("acme", "Acme Inc.", "business", {{"ada", "editor"}, {"bob", "viewer"}});
    add_tenant("globex", "Globex", "business", {{"ada", "viewer"}});
    add_tenant("small", "Small Team", "team", {{"ada", "editor"}, {"bob", "editor"}});
    for (const char* name : {"ada", "bob", "stranger"}) {
      store::User user;
      user.key = std::string("local:") + name;
      user.name = name;
      user.email = std::string(name) + "@acme.example";
      user.password_hash = crypto::hash_password(Secret("secret of " + user.name), kCheap);
      EXPECT_TRUE(store_->users().add(user));
    }
    add_client("client_a", "ChatGPT",
               {kRedirect, "http://127.0.0.1/cb", "cursor://anysphere.cursor-mcp/oauth/callback"});
    build();
  }

  config::AuthorizationServer& server() { return config_.authorization_servers[0]; }
  void add_resource(const std::string& serve, const std::string& tenant) {
    config::Resource resource;
    resource.serve = serve;
    resource.upstream = "tools";
    resource.policy = "policy";
    resource.authorization_server = "main";
    resource.tenant = tenant;
    resource.name = "Orgonaut";
    config_.resources.push_back(resource);
  }
  void add_tenant(const std::string& handle, const std::string& name, const std::string& plan, const Pairs& members) {
    config::TenantEntry tenant;
    tenant.handle = handle;
    tenant.name = name;
    tenant.plan = plan;
    for (const auto& [user, role] : members) tenant.members.push_back({"local:" + user, role, {}});
    config_.tenants.push_back(tenant);
  }
  void add_client(const std::string& id, const std::string& name, std::vector<std::string> redirect_uris) {
    store::Client client;
    client.id = id;
    client.name = name;
    client.redirect_uris = std::move(redirect_uris);
    client.grant_types = {"authorization_code", "refresh_token"};
    client.application_type = "native";
    client.dynamic = true;
    client.created_at = clock_.now();
    EXPECT_TRUE(store_->clients().add(client));
  }
  void build() {
    policies_["policy"] = std::make_shared<tests::TestPolicy>("policy");
    catalog_ = std::make_unique<tenant::Catalog>(config_, policies_);
    directory_ = std::make_unique<tenant::Directory>(config_, *store_);
  }

  template <class Page>
  http::Response visit(Page page, const http::Request& request) {
    const oauth::Context oauth{server(), *catalog_, *directory_, *store_, seal_, clock_, *log_, keys_};
    return visit_in(oauth, page, request);
  }
  // Again when a password had to be hashed, as the caller of pages does.
  template <class Page>
  http::Response visit_in(const oauth::Context& oauth, Page page, const http::Request& request) {
    idp::PasswordCheck password(kCheap);
    const PageContext context{oauth, users_, 12h, nullptr, &password};
    auto response = page(request, context);
    if (!password.wanted()) return response;
    password.bring(busy_ ? std::nullopt : std::optional(idp::PasswordCheck::matches(*password.wanted(), kCheap)));
    return page(request, context);
  }
  http::Response visit_kept(Browser& browser, http::Response (*page)(const http::Request&, const PageContext&),
                            const http::Request& request) {
    auto response = visit(page, request);
    browser.keep(response);
    return response;
  }

  static Pairs asked(const std::string& redirect_uri = kRedirect, const std::string& resource = kResource) {
    return {{"response_type", "code"},
            {"client_id", "client_a"},
            {"redirect_uri", redirect_uri},
            {"state", "s1"},
            {"code_challenge", base64url_encode(crypto::sha256_string(kVerifier))},
            {"code_challenge_method", "S256"},
            {"resource", resource},
            {"scope", "connect read write"}};
  }
  static std::string authorize_path(const Pairs& pairs) { return "/oauth/authorize?" + http::encode_form(pairs); }
  http::Response open(Browser& browser, const Pairs& pairs) {
    return visit_kept(browser, authorize, browser.get(authorize_path(pairs)));
  }
  http::Response sign_in(Browser& browser, const std::string& name, const std::string& password,
                         const std::string& continue_to = "") {
    const auto form = visit_kept(browser, login, browser.get("/login?continue=/login"));
    const std::string token = input(form.body, "form_token");
    return visit_kept(
        browser, login,
        browser.post("/login",
                     {{"form_token", token}, {"continue", continue_to}, {"username", name}, {"password", password}}));
  }
  Browser signed_in(const std::string& name) {
    Browser browser;
    EXPECT_EQ(sign_in(browser, name, "secret of " + name).status, 303);
    return browser;
  }
  http::Response answer(const Browser& browser, const Pairs& pairs) {
    return visit(authorize, browser.post("/oauth/authorize", pairs));
  }
  std::size_t grants() {
    const auto list = store_->grants().list({});
    return list ? list->size() : 0;
  }

  config::Config config_ = [] {
    config::Config config;
    config.authorization_servers.resize(1);
    return config;
  }();
  tests::TestStore store_;
  ManualClock clock_;
  std::unique_ptr<telemetry::Log> log_ = telemetry::make_null_log();
  crypto::Aead seal_{std::string(32, 'k')};
  token::SigningKeys keys_{store_->keys(), std::string(32, 'm'), clock_};
  idp::LocalUsers users_{store_->users(), clock_};
  bool busy_ = false;  // there is no place to have passwords hashed
  tenant::Catalog::Policies policies_;
  std::unique_ptr<tenant::Catalog> catalog_;
  std::unique_ptr<tenant::Directory> directory_;
};

}  // namespace postern::web
