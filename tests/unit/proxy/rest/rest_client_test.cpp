#include "proxy/rest/rest_client.hpp"

#include "proxy/rest/rest_endpoint.hpp"
#include "rest/openapi.hpp"
#include "unit/proxy/world.hpp"

namespace postern::proxy {
namespace {

using nlohmann::json;

// What a server with sessions answers, in the order in which it is asked. The ids are ours: they are filled in.
class RestClientTest : public testing::Test {
 protected:
  // Answers to any request: the last message's id is put in place of "ID".
  void will_answer(std::string result, int status = 200, std::string session = "") {
    Answer answer = json_answer("", status);
    if (!session.empty()) answer.headers.emplace_back("Mcp-Session-Id", std::move(session));
    auto& script = world_.behind();
    answer.make = [&script, result = std::move(result)] {
      const auto asked = json::parse(script.requests.back().body, nullptr, false);
      const auto id = asked.is_object() ? asked.value("id", json()) : json();
      return R"({"jsonrpc":"2.0","id":)" + id.dump() + "," + result + "}";
    };
    script.answers.push_back(std::move(answer));
  }
  void will_open(const std::string& session = "s-1") {
    will_answer(
        R"("result":{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"x","version":"1"}})", 200,
        session);
    Answer accepted = json_answer("", 202);
    accepted.headers.clear();
    world_.behind().answers.push_back(std::move(accepted));
  }
  void will_list() { will_answer(R"("result":{"tools":[{"name":"read_link","inputSchema":{"type":"object"}}]})"); }
  std::unique_ptr<FakeClient> call(const std::string& tool = "read_link", const std::string& tenant = "acme") {
    const auto token = world_.token({"use", "read"}, "local:alice", tenant);
    auto client =
        world_.client({.path = "/tools/" + tool,
                       .headers = {{"Authorization", "Bearer " + token}, {"Content-Type", "application/json"}},
                       .body = "{}"});
    serve(*client);
    return client;
  }
  void serve(FakeClient& client) {
    const auto route = world_.generation->router().find(true, "ai.example.test", client.request().head.path);
    ASSERT_TRUE(route);
    const auto work = [&]() -> net::awaitable<void> {
      co_await handle_rest(client, *world_.worker, world_.generation, world_.rest, *route);
    };
    world_.run(work());
  }
  std::vector<std::string> methods() {
    std::vector<std::string> all;
    for (const auto& request : world_.behind().requests) {
      const auto message = json::parse(request.body, nullptr, false);
      all.push_back(message.is_object() ? message.value("method", "") : request.method);
    }
    return all;
  }

  World world_{[](config::Config& config) { config.resources[0].rest = true; }};
};

TEST_F(RestClientTest, OpensASessionListsOnceAndCalls) {
  will_open();
  will_list();
  will_answer(R"("result":{"content":[{"type":"text","text":"hello"}]})");
  const auto client = call();
  EXPECT_EQ(client->status, 200) << client->text;
  EXPECT_NE(client->text.find("hello"), std::string::npos);
  EXPECT_EQ(methods(),
            (std::vector<std::string>{"initialize", "notifications/initialized", "tools/list", "tools/call"}));
  EXPECT_EQ(world_.behind().requests.back().headers.get("Mcp-Session-Id"), "s-1");
  will_answer(R"("result":{"content":[]})");
  EXPECT_EQ(call()->status, 200);
  EXPECT_EQ(methods().size(), 5u) << "session and list are kept";
}

// What a server keeps for a session of one tenant is nothing for another, though the user is the same.
TEST_F(RestClientTest, ASessionIsOfItsTenantAlone) {
  must(world_.store->tenants().apply({.members = {{"local:alice", "globex", "editor"}}}));
  for (const std::string tenant : {"acme", "globex"}) {
    will_open("s-of-" + tenant);
    will_list();
    will_answer(R"("result":{"content":[]})");
    EXPECT_EQ(call("read_link", tenant)->status, 200) << tenant;
    EXPECT_EQ(world_.behind().requests.back().headers.get("Mcp-Session-Id"), "s-of-" + tenant);
  }
  EXPECT_TRUE(world_.behind().answers.empty());
}

TEST_F(RestClientTest, ASessionThatWasLostIsOpenedOnceMoreAndTheCallSentAgain) {
  will_open();
  will_list();
  world_.behind().answers.push_back(json_answer("{}", 404));
  will_open("s-2");
  will_answer(R"("result":{"content":[]})");
  EXPECT_EQ(call()->status, 200);
  EXPECT_EQ(world_.behind().requests.back().headers.get("Mcp-Session-Id"), "s-2");
}

TEST_F(RestClientTest, AServerThatEndsEachSessionIsNotAskedWithoutEnd) {
  will_open();
  will_list();
  world_.behind().answers.push_back(json_answer("{}", 404));
  will_open("s-2");
  world_.behind().answers.push_back(json_answer("{}", 404));
  EXPECT_EQ(call()->status, 502);
  EXPECT_TRUE(world_.behind().answers.empty());
}

TEST_F(RestClientTest, AClientThatLeavesCancelsTheCallBehind) {
  will_open();
  will_list();
  auto client =
      world_.client({.path = "/tools/read_link",
                     .headers = {{"Authorization", "Bearer " + world_.token()}, {"Content-Type", "application/json"}},
                     .body = "{}"});
  Answer told = json_answer("", 202);
  told.headers.clear();
  world_.behind().on_request = [&, told](const upstream::Request& request) {
    if (request.body.find("tools/call") == std::string::npos) return;
    world_.behind().answers.clear();
    world_.behind().later.push_back(told);
    boost::asio::post(world_.io(), [&] { client->leave(); });
  };
  serve(*client);
  EXPECT_EQ(client->status, 0);
  EXPECT_EQ(methods().back(), "notifications/cancelled");
}

TEST_F(RestClientTest, AToolThatIsNotThereIsListedOnceMoreAndThenUnknown) {
  will_open();
  will_list();
  const auto client = call("read_nothing");
  EXPECT_EQ(client->status, 404);
  EXPECT_NE(client->text.find("unknown_tool"), std::string::npos);
}

TEST_F(RestClientTest, AnAnswerThatBreaksOffIsNotTaken) {
  will_open();
  will_list();
  world_.behind().answers.push_back({.pieces = {"{\"jsonrpc\":"}, .breaks = fail(Errc::protocol, "early end")});
  EXPECT_EQ(call()->status, 502);
}

// The role is in the key of kept lists: what one may see is nobody else's, though their tokens have the same scopes.
TEST_F(RestClientTest, AListIsKeptForItsRole) {
  world_.add_user("bob");
  must(world_.store->tenants().apply({.members = {{"local:bob", "acme", "viewer"}}}));
  const auto document = [&](const std::string& user) {
    will_open("s-of-" + user);
    will_answer(R"("result":{"tools":[{"name":"read_link","inputSchema":{"type":"object"}},)"
                R"({"name":"edit_link","inputSchema":{"type":"object"}}]})");
    const auto token = world_.token({"use", "read"}, user);
    auto client = world_.client(
        {.method = "GET", .path = std::string(rest::kOpenApiPath), .headers = {{"Authorization", "Bearer " + token}}});
    serve(*client);
    EXPECT_EQ(client->status, 200);
    return client->text;
  };
  const auto of_editor = document("local:alice");
  EXPECT_NE(of_editor.find("edit_link"), std::string::npos) << of_editor;
  const auto of_viewer = document("local:bob");
  EXPECT_NE(of_viewer.find("read_link"), std::string::npos) << of_viewer;
  EXPECT_EQ(of_viewer.find("edit_link"), std::string::npos) << of_viewer;
}

}  // namespace
}  // namespace postern::proxy
