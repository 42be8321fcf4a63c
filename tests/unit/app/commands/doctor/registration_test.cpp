#include "app/commands/doctor/registration.hpp"

#include <gtest/gtest.h>

#include "app/commands/doctor/options.hpp"
#include "http/form.hpp"
#include "unit/app/commands/doctor/deployment.hpp"

namespace postern::app::doctor {
namespace {

const std::vector<std::string> kUris{"https://chatgpt.com/connector/oauth/x", "https://chatgpt.com/connector/oauth/y"};

TEST(RegistrationRequest, AsksForWhatTheServerTakes) {
  const auto open = registration_request(Deployment::server(), "ChatGPT", kUris);
  EXPECT_EQ(open["token_endpoint_auth_method"], "none");
  EXPECT_EQ(open["redirect_uris"], nlohmann::json(kUris));
  EXPECT_EQ(open["application_type"], "web");
  EXPECT_EQ(open["grant_types"], (nlohmann::json{"authorization_code", "refresh_token"}));
  const nlohmann::json with_secret{
      {"token_endpoint_auth_methods_supported", {"client_secret_basic", "client_secret_post"}},
      {"grant_types_supported", {"authorization_code", "implicit"}}};
  const auto closed = registration_request(with_secret, "x", {"http://127.0.0.1:1/cb"});
  EXPECT_EQ(closed["token_endpoint_auth_method"], "client_secret_post");
  EXPECT_EQ(closed["application_type"], "native");
  EXPECT_EQ(closed["grant_types"], nlohmann::json::array({"authorization_code"}));
  const auto silent = registration_request(nlohmann::json::object(), "x", kUris);
  EXPECT_EQ(silent["token_endpoint_auth_method"], "client_secret_basic");
}

TEST(ReadRegistration, TakesTheClientWithItsSecret) {
  const auto client = read_registration(
      json_answer(201, {{"client_id", "c"}, {"client_secret", "s"}, {"redirect_uris", kUris}}), kUris);
  ASSERT_TRUE(client);
  EXPECT_EQ(client->client_id, "c");
  EXPECT_EQ(client->client_secret, "s");
  EXPECT_EQ(client->redirect_uris, kUris);
}

TEST(ReadRegistration, SaysWhyThereIsNoClient) {
  const auto refused = read_registration(
      json_answer(400, {{"error", "invalid_redirect_uri"}, {"error_description", "Not here."}}), kUris);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().what,
            "the server registers no client: 400 (application/json), invalid_redirect_uri, Not here.");
  EXPECT_FALSE(read_registration(page(), kUris));
  EXPECT_FALSE(read_registration(json_answer(201, {{"client_id", ""}}), kUris));
  EXPECT_FALSE(read_registration(json_answer(201, {{"client_id", "c"}, {"redirect_uris", {kUris[0]}}}), kUris));
}

// The first request of a browser; everything else is a healthy deployment.
class Browser final : public Prober {
 public:
  Answer ask(const Ask& ask) override {
    url = ask.url;
    return answer;
  }
  Result<std::vector<boost::asio::ip::address>> addresses_of(const std::string&) override {
    return fail(Errc::unavailable, "nobody asks for addresses here");
  }
  Answer answer = page();
  std::string url;
};

std::optional<Finding> tried(Browser& browser) {
  Walk walk{.prober = browser, .typed = kUrl, .url = http::parse_url(kUrl).value()};
  walk.resource = Deployment::resource();
  walk.server = Deployment::server();
  walk.challenge_scope = "mcp:use";
  return try_authorization(walk, {.client_id = "c", .redirect_uris = kUris});
}

TEST(TryAuthorization, SendsAWholeRequest) {
  Browser browser;
  EXPECT_FALSE(tried(browser));
  const auto form = http::Form::parse(browser.url.substr(browser.url.find('?') + 1)).value();
  EXPECT_EQ(form.get_or_empty("client_id"), "c");
  EXPECT_EQ(form.get_or_empty("redirect_uri"), kUris[0]);
  EXPECT_EQ(form.get_or_empty("resource"), kUrl);
  EXPECT_EQ(form.get_or_empty("scope"), "mcp:use");
  EXPECT_EQ(form.get_or_empty("code_challenge").size(), 43U);
}

TEST(TryAuthorization, TakesARedirectToASignInForWell) {
  Browser browser;
  browser.answer = redirect("https://login.example.test/?next=1");
  EXPECT_FALSE(tried(browser));
}

TEST(TryAuthorization, NamesWhatTheServerDoesNotTake) {
  Browser browser;
  browser.answer = redirect(kUris[0] + "?error=invalid_target&state=s");
  EXPECT_EQ(tried(browser).value().fault, "invalid_target");
  browser.answer = page(400);
  EXPECT_EQ(tried(browser).value().fault, "refused");
  browser.answer = page(400);
  browser.answer.body = "<dd><code id=\"error\">invalid_target</code></dd>";
  EXPECT_EQ(tried(browser).value().fault, "invalid_target");
  browser.answer.body = "<dd><code id=\"error\">invalid_scope</code></dd>";
  EXPECT_EQ(tried(browser).value().fault, "invalid_scope");
  for (const char* broken : {"<code id=\"error\"></code>", "<code id=\"error\">cut"}) {
    browser.answer.body = broken;
    EXPECT_EQ(tried(browser).value().fault, "refused") << broken;
  }
  browser.answer = json_answer(400, {{"error", "invalid_target"}});
  EXPECT_EQ(tried(browser).value().fault, "invalid_target");
  browser.answer = json_answer(400, {{"error", "invalid_client"}});
  EXPECT_EQ(tried(browser).value().fault, "refused");
  browser.answer = {.trouble = Trouble::connection};
  EXPECT_EQ(tried(browser).value().fault, "connection");
}

Result<std::string> of(const char* url, const char* handle, bool gateway = false) {
  ConnectOptions options;
  options.url = url;
  options.handle = handle;
  options.gateway = gateway;
  return address_for(options);
}

TEST(AddressFor, FillsTheHandleIn) {
  EXPECT_EQ(of("https://{tenant}.mcp.example.test/mcp", "acme").value(), "https://acme.mcp.example.test/mcp");
  EXPECT_EQ(of("https://ai.example.test/mcp/{handle}/mcp", "acme").value(), "https://ai.example.test/mcp/acme/mcp");
  EXPECT_EQ(of("https://acme.mcp.example.test/mcp", "acme").value(), "https://acme.mcp.example.test/mcp");
  EXPECT_EQ(of("https://app.example.test/t/acme/mcp", "acme").value(), "https://app.example.test/t/acme/mcp");
  EXPECT_EQ(of("https://ai.example.test/mcp", "", true).value(), "https://ai.example.test/mcp");
  EXPECT_EQ(of("https://ai.example.test/mcp", "").value(), "https://ai.example.test/mcp");
}

TEST(AddressFor, RefusesWhatCannotBeMeant) {
  const auto refuses = [](const char* url, const char* handle, bool gateway) { return !of(url, handle, gateway); };
  EXPECT_TRUE(refuses("https://ai.example.test/mcp", "acme", false));
  EXPECT_TRUE(refuses("https://acme-two.mcp.example.test/mcp", "acme", false));
  EXPECT_TRUE(refuses("https://{tenant}.mcp.example.test/mcp", "", false));
  EXPECT_TRUE(refuses("https://{tenant}.mcp.example.test/mcp", "", true));
  EXPECT_TRUE(refuses("https://{tenant}.mcp.example.test/mcp", "acme", true));
  EXPECT_TRUE(refuses("https://{tenant}.mcp.example.test/mcp", "a.b", false));
}

TEST(TypedUrl, TakesHttpForThisMachineAlone) {
  EXPECT_TRUE(typed_url("https://ai.example.test/mcp", false));
  EXPECT_TRUE(typed_url("http://127.0.0.1:8080/mcp", false));
  EXPECT_FALSE(typed_url("http://ai.example.test/mcp", false));
  EXPECT_TRUE(typed_url("http://ai.example.test/mcp", true));
  EXPECT_FALSE(typed_url("https://user@ai.example.test/mcp", true));
  EXPECT_FALSE(typed_url("https://ai.example.test/mcp#x", true));
  EXPECT_FALSE(typed_url("https://{tenant}.example.test/mcp", true));
  EXPECT_FALSE(typed_url("cursor://x/y", true));
  EXPECT_FALSE(typed_url("mcp", true));
}

TEST(IsBearer, TakesTokensAlone) {
  EXPECT_TRUE(is_bearer("mcpv1_aA0-._~+/=="));
  for (const auto* text : {"", "=", "a b", "a\n", "a=b", "ä"}) EXPECT_FALSE(is_bearer(text)) << text;
}

}  // namespace
}  // namespace postern::app::doctor
