#include <gtest/gtest.h>

#include <set>

#include "unit/app/commands/doctor/deployment.hpp"

namespace postern::app::doctor {
namespace {

// A server behind, reached with a token; the rest is a healthy deployment.
class Behind final : public Prober {
 public:
  Answer ask(const Ask& ask) override {
    if (!ask.headers.get("Authorization")) return front.ask(ask);
    tokens.push_back(std::string(*ask.headers.get("Authorization")) + " to " + ask.url);
    tenants.insert(std::string(ask.headers.get("X-Tenant").value_or("")));
    if (ask.method == "GET") return stream;
    if (ask.method == "DELETE") return {.status = 204};
    const auto message = nlohmann::json::parse(ask.body);
    const auto method = message["method"].get<std::string>();
    asked.push_back(message);
    if (method == "initialize") return initialize;
    if (method == "tools/list") return tools[std::min(pages++, tools.size() - 1)];
    return {.status = 202};
  }

  Result<std::vector<boost::asio::ip::address>> addresses_of(const std::string& host) override {
    return front.addresses_of(host);
  }

  static Answer result(int id, const nlohmann::json& value) {
    return json_answer(200, {{"jsonrpc", "2.0"}, {"id", id}, {"result", value}});
  }

  Deployment front;
  Answer initialize = result(1, {{"protocolVersion", "2025-06-18"}});
  std::vector<Answer> tools{result(2, {{"tools", {{{"name", "a"}}, {{"name", "b"}}}}})};
  std::size_t pages = 0;
  Answer stream{.status = 405};
  std::vector<std::string> tokens;
  std::set<std::string> tenants;  // named beside the token
  std::vector<nlohmann::json> asked;
};

Diagnosis with_token(Behind& behind) {
  Walk walk{.prober = behind, .typed = kUrl, .url = http::parse_url(kUrl).value(), .token = "secret"};
  return diagnose(walk, {}, false);
}

TEST(DoctorWithAToken, CountsTheTools) {
  Behind behind;
  behind.initialize.fields.emplace_back("Mcp-Session-Id", "s1");
  const auto diagnosis = with_token(behind);
  EXPECT_TRUE(diagnosis.is_well());
  EXPECT_EQ(finding_of(diagnosis, "tools").seen, "2 tools");
  EXPECT_EQ(finding_of(diagnosis, "session").seen, "DELETE: 204");
}

TEST(DoctorWithAToken, NamesTheTenantBesideTheTokenInEveryRequest) {
  for (const std::string tenant : {"", "acme"}) {
    Behind behind;
    behind.initialize.fields.emplace_back("Mcp-Session-Id", "s1");
    Walk walk{
        .prober = behind, .typed = kUrl, .url = http::parse_url(kUrl).value(), .token = "secret", .tenant = tenant};
    EXPECT_TRUE(diagnose(walk, {}, false).is_well());
    EXPECT_EQ(behind.tenants, std::set<std::string>{tenant});
    EXPECT_GE(behind.tokens.size(), 5U) << "each step sent a request";
  }
}

TEST(DoctorWithAToken, SaysHowATokenMadeByHandIsTaken) {
  Behind behind;
  behind.initialize = json_answer(401, {{"error", "invalid_token"}});
  EXPECT_NE(finding_of(with_token(behind), "initialize").mend.find("--tenant HANDLE"), std::string::npos);
}

TEST(DoctorWithAToken, FollowsPagesAndReadsEventStreams) {
  Behind behind;
  const nlohmann::json first{
      {"jsonrpc", "2.0"}, {"id", 2}, {"result", {{"tools", {{{"name", "a"}}}}, {"nextCursor", "x"}}}};
  behind.tools = {
      {.status = 200,
       .fields = {{"Content-Type", "text/event-stream"}},
       .body = ": hi\n\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/x\"}\n\ndata: " + first.dump() + "\n\n"},
      Behind::result(3, {{"tools", {{{"name", "b"}}}}})};
  EXPECT_EQ(finding_of(with_token(behind), "tools").seen, "2 tools");
  EXPECT_EQ(behind.asked.back()["params"]["cursor"], "x");
}

TEST(DoctorWithAToken, SpeaksToServersOfTheModernRevisionAlone) {
  Behind behind;
  behind.initialize =
      json_answer(404, {{"jsonrpc", "2.0"}, {"id", 1}, {"error", {{"code", -32601}, {"message", "no"}}}});
  EXPECT_EQ(finding_of(with_token(behind), "tools").seen, "2 tools");
  EXPECT_EQ(behind.asked.back()["params"]["_meta"]["io.modelcontextprotocol/protocolVersion"], "2026-07-28");
}

TEST(DoctorWithAToken, SendsTheTokenToTheTypedUrlAlone) {
  Behind behind;
  with_token(behind);
  ASSERT_FALSE(behind.tokens.empty());
  for (const auto& each : behind.tokens) EXPECT_EQ(each, "Bearer secret to " + std::string(kUrl));
}

TEST(DoctorWithAToken, SaysWhoseTurnItIs) {
  const auto refused = [](int status, const char* error) {
    Behind behind;
    behind.initialize = json_answer(
        status, {{"jsonrpc", "2.0"}, {"id", 1}, {"error", {{"code", -32003}, {"data", {{"error", error}}}}}});
    return finding_of(with_token(behind), "initialize");
  };
  EXPECT_EQ(refused(401, "invalid_token_format").fault, "invalid_token_format");
  EXPECT_EQ(refused(401, "invalid_token").fault, "invalid_token");
  EXPECT_EQ(refused(401, "session_handle_mismatch").fault, "session_handle_mismatch");
  EXPECT_EQ(refused(403, "insufficient_scope").fault, "insufficient_scope");
  EXPECT_EQ(refused(403, "access_denied").fault, "access_denied");
  EXPECT_EQ(refused(200, "access_denied").fault, "access_denied");
  EXPECT_EQ(refused(502, "upstream_unavailable").fault, "server_behind_down");
  EXPECT_EQ(refused(504, "upstream_timeout").fault, "server_behind_down");
  EXPECT_EQ(refused(500, "internal").fault, "refused");
}

TEST(DoctorWithAToken, TellsAnAnswerThatIsNoMcp) {
  Behind behind;
  behind.initialize = page();
  const auto diagnosis = with_token(behind);
  EXPECT_EQ(finding_of(diagnosis, "initialize").fault, "no_mcp");
  EXPECT_EQ(finding_of(diagnosis, "tools").state, State::skipped);
}

TEST(DoctorWithAToken, TellsAStreamThatIsHeldBack) {
  Behind behind;
  behind.stream = {.trouble = Trouble::timed_out};
  EXPECT_EQ(finding_of(with_token(behind), "stream").fault, "stream_held");
}

TEST(DoctorWithAToken, NotesThatNoToolIsVisible) {
  Behind behind;
  behind.tools = {Behind::result(2, {{"tools", nlohmann::json::array()}})};
  const auto finding = finding_of(with_token(behind), "tools");
  EXPECT_EQ(finding.fault, "no_tool_visible");
  EXPECT_EQ(finding.state, State::note);
}

}  // namespace
}  // namespace postern::app::doctor
