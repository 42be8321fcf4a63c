#include "proxy/answer/relay.hpp"

#include "unit/proxy/world.hpp"

namespace postern::proxy {
namespace {

const std::string kResult = R"({"jsonrpc":"2.0","id":1,"result":{"content":[]}})";
std::string event(const std::string& data) { return "data: " + data + "\n\n"; }
std::string tools(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names)
    list += std::string(list.empty() ? "" : ",") + R"({"name":")" + name + R"(","inputSchema":{"type":"object"}})";
  return R"({"jsonrpc":"2.0","id":1,"result":{"tools":[)" + list + "]}}";
}

class Relay : public testing::Test {
 protected:
  // The outcome, and the client for all else.
  telemetry::Outcome relay_to(FakeClient& client, Answer answer) {
    world_.behind().answers.push_back(std::move(answer));
    world_.serve(client);
    return telemetry::Outcome::ok;
  }
  std::unique_ptr<FakeClient> caller(std::string body = call_of("read_link")) {
    return world_.caller(world_.token(), std::move(body));
  }
  bool audited(std::string_view outcome) const {
    return world_.log.has("\"outcome\":\"" + std::string(outcome) + "\"");
  }

  World world_{[](config::Config& config) { config.limits.stream_keepalive = 5ms; }};
};

TEST_F(Relay, ABodyPassesPieceByPieceAsItIs) {
  const auto client = caller();
  relay_to(*client, {.pieces = {R"({"jsonrpc":"2.0",)", R"("id":1,)", R"("result":{}})"}});
  EXPECT_EQ(client->text, R"({"jsonrpc":"2.0","id":1,"result":{}})");
  EXPECT_TRUE(client->ended);
  EXPECT_FALSE(client->aborted);
}

TEST_F(Relay, ABodyThatBreaksOffIsNotTakenForAWholeOne) {
  const auto client = caller();
  relay_to(*client, {.pieces = {"{\"a\":", "1"}, .breaks = fail(Errc::protocol, "early end")});
  EXPECT_TRUE(client->aborted);
  EXPECT_FALSE(client->ended);
  EXPECT_TRUE(audited("upstream_error")) << world_.log.last();
}

TEST_F(Relay, AClientThatStopsReadingEndsTheCallBehind) {
  const auto client = caller();
  client->reads = 10;
  relay_to(*client, {.pieces = {"0123456789", "0123456789", "0123456789"}});
  EXPECT_EQ(client->text, "0123456789");
  EXPECT_EQ(world_.behind().ended, 1);
  EXPECT_TRUE(audited("cancelled")) << world_.log.last();
}

TEST_F(Relay, EachEventLeavesWhenItHasCome) {
  const auto client = caller();
  std::vector<std::string> seen;
  auto answer = event_answer({event("1"), event("2"), event("3")});
  answer.piece_read = [&] { seen.push_back(client->text); };
  relay_to(*client, std::move(answer));
  EXPECT_EQ(seen, (std::vector<std::string>{"", event("1"), event("1") + event("2")}));
  EXPECT_EQ(client->text, event("1") + event("2") + event("3"));
  EXPECT_FALSE(client->length) << "it has no length";
  EXPECT_EQ(client->headers.get("X-Accel-Buffering"), "no");
}

TEST_F(Relay, AStreamThatIsSilentIsKeptAliveBetweenItsLines) {
  const auto client = caller();
  auto answer = event_answer({event("1")});
  answer.never_ends = true;
  client->on_piece = [&] {
    if (client->text.ends_with(":\n\n") || client->text.find("\n:") != std::string::npos) client->leave();
  };
  relay_to(*client, std::move(answer));
  EXPECT_TRUE(client->text.starts_with(event("1") + ":")) << client->text;
}

TEST_F(Relay, AStreamThatBreaksOffIsNotTakenForAWholeOne) {
  const auto client = caller();
  auto answer = event_answer({event("1"), "data: 2"});
  answer.breaks = fail(Errc::timed_out, "silent for too long");
  relay_to(*client, std::move(answer));
  EXPECT_TRUE(client->aborted);
  EXPECT_TRUE(audited("upstream_error")) << world_.log.last();
}

struct Loss {
  const char* what;
  std::function<void(World&)> happen;
};
std::string name_of(const testing::TestParamInfo<Loss>& loss) { return loss.param.what; }
void PrintTo(const Loss& loss, std::ostream* out) { *out << loss.what; }

// Whatever ends a grant.
class RelayOfAGrant : public testing::TestWithParam<Loss> {};

TEST_P(RelayOfAGrant, EndsWith) {
  World world;
  const auto client = world.caller(world.token(), call_of("read_link"));
  auto answer = event_answer({event("1")});
  answer.never_ends = true;
  client->on_piece = [&] { GetParam().happen(world); };
  world.behind().answers.push_back(std::move(answer));
  world.serve(*client);
  EXPECT_TRUE(client->aborted);
  EXPECT_EQ(world.behind().ended, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Relay, RelayOfAGrant,
    testing::Values(
        Loss{"ItsRevocation", [](World& w) { must(w.store->grants().revoke(w.last_grant(), "test", w.clock.now())); }},
        Loss{"ItsUserDisabled", [](World& w) { must(w.store->users().set_disabled("local:alice", true)); }},
        Loss{"ItsMembershipTaken", [](World& w) { must(w.store->tenants().remove_member("local:alice", "acme")); }},
        Loss{"ItsTenantRemoved", [](World& w) { must(w.store->tenants().remove("acme")); }}),
    name_of);

// Whoever is known by a token made elsewhere has no grant here: what is known of the user counts instead.
constexpr auto* kOutside = "entra:agent";

class RelayOfAnOutsideUser : public testing::TestWithParam<Loss> {
 protected:
  RelayOfAnOutsideUser() {
    store::User outside;
    outside.key = kOutside;
    outside.name = "agent";
    must(world_.store->users().add(outside));
    must(world_.store->tenants().apply({.members = {{kOutside, "acme", "editor"}}}));
  }
  std::shared_ptr<const token::Principal> principal() {
    auto made = std::make_shared<token::Principal>();
    made->user = kOutside;
    made->tenant = "acme";
    made->role = "editor";
    made->resource = kResource;
    made->scopes = {"use", "read"};
    made->expires_at = world_.clock.now() + 10min;
    return made;
  }

  World world_;
};

TEST_P(RelayOfAnOutsideUser, EndsWith) {
  const auto client = world_.caller("made.else.where", call_of("read_link"));
  auto x = world_.exchange(*client);
  x.principal = principal();
  x.token_generation = world_.tokens.generation();
  auto answer = event_answer({event("1")});
  answer.never_ends = true;
  world_.behind().answers.push_back(std::move(answer));
  client->on_piece = [&] { GetParam().happen(world_); };
  const auto refused = world_.phase([&]() -> net::awaitable<MaybeRefusal> {
    auto result = co_await open_body(x);
    if (result) co_return result;
    result = co_await authorize(x);
    if (result) co_return result;
    result = co_await forward(x);
    co_return result;
  });
  EXPECT_FALSE(refused) << refused->description;
  EXPECT_TRUE(client->aborted);
  EXPECT_EQ(world_.behind().ended, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Relay, RelayOfAnOutsideUser,
    testing::Values(Loss{"TheUserDisabled", [](World& w) { must(w.store->users().set_disabled(kOutside, true)); }},
                    Loss{"TheRoleLowered",
                         [](World& w) { must(w.store->tenants().apply({.members = {{kOutside, "acme", "viewer"}}})); }},
                    Loss{"TheMembershipTaken",
                         [](World& w) { must(w.store->tenants().remove_member(kOutside, "acme")); }}),
    name_of);

TEST_F(Relay, AListeningStreamEndsWithItsToken) {
  const auto client = world_.client(
      {.method = "GET", .headers = {{"Authorization", "Bearer " + world_.token()}, {"Accept", "text/event-stream"}}});
  auto answer = event_answer({event("1")});
  answer.never_ends = true;
  client->on_piece = [&] { world_.clock.advance(11min); };
  relay_to(*client, std::move(answer));
  EXPECT_EQ(world_.behind().ended, 1);
}

TEST_F(Relay, ACallUnderWayIsLetFinishWhenItsTokenEnds) {
  const auto client = caller();
  auto answer = event_answer({event("1"), event(kResult)});
  answer.piece_read = [&] { world_.clock.advance(11min); };
  relay_to(*client, std::move(answer));
  EXPECT_EQ(client->text, event("1") + event(kResult));
  EXPECT_TRUE(client->ended);
}

TEST_F(Relay, AListLosesWhatItsCallerCouldNeverUse) {
  const auto client = caller(kListTools);
  relay_to(*client, json_answer(tools({"read_link", "drop_table", "write_link"})));
  EXPECT_EQ(client->text, tools({"read_link", "write_link"}));
  const auto streamed = caller(kListTools);
  relay_to(*streamed, event_answer({event(tools({"drop_table", "read_link"}))}));
  EXPECT_EQ(streamed->text, event(tools({"read_link"})));
}

// MCP reads "data" alone; a reader that ignores case would see another list.
TEST_F(Relay, AFieldThatDiffersByCaseHidesNoList) {
  const auto client = caller(kListTools);
  relay_to(*client, event_answer({"Data: " + tools({"drop_table"}) + "\n" + event(tools({"read_link"}))}));
  EXPECT_EQ(client->text, event(tools({"read_link"})));
}

TEST_F(Relay, AListThatCannotBeReadDoesNotPass) {
  const auto client = caller(kListTools);
  relay_to(*client, json_answer(R"({"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"drop_table")"));
  EXPECT_EQ(client->status, 502);
  EXPECT_EQ(client->text.find("drop_table"), std::string::npos);
}

TEST_F(Relay, AListThatBreaksOffIsARefusal) {
  const auto client = caller(kListTools);
  relay_to(*client, {.pieces = {R"({"jsonrpc":)"}, .breaks = fail(Errc::protocol, "early end")});
  EXPECT_EQ(client->status, 502);
}

}  // namespace
}  // namespace postern::proxy
