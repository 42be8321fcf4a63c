#include "web/account/account_views.hpp"

#include <gmock/gmock.h>

#include <chrono>

#include "web/account/endpoint_state.hpp"
#include "web/account/snippets.hpp"
#include "web/display.hpp"

namespace postern::web {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr Time kNow{Duration{1'800'000'000'000}};  // 15 Jan 2027, 08:00 UTC

policy::Decision allowed() {
  policy::Decision decision;
  decision.verdict = policy::Verdict::allow;
  return decision;
}

store::Grant a_grant() {
  store::Grant grant;
  grant.id = "grant_1";
  grant.created_at = kNow;
  return grant;
}

TEST(EndpointStateTest, EachOfTheFive) {
  const auto grant = a_grant();
  EXPECT_EQ(state_without_grant().first, EndpointState::never);
  EXPECT_EQ(state_of(grant, nullptr, allowed()).first, EndpointState::waiting);
  const store::ToolCheck listed{"grant_1", kNow, store::ToolCheckOutcome::listed, 12};
  EXPECT_EQ(state_of(grant, &listed, allowed()).first, EndpointState::connected);
  EXPECT_EQ(state_of(grant, &listed, allowed()).second, "12 tools can be listed, as of 15 Jan 2027, 08:00 UTC.");
  const store::ToolCheck down{"grant_1", kNow, store::ToolCheckOutcome::unreachable, 0};
  EXPECT_EQ(state_of(grant, &down, allowed()).first, EndpointState::upstream_down);
  policy::Decision missing;
  missing.verdict = policy::Verdict::step_up;
  missing.needed = {"mcp.connect", "skills.read"};
  EXPECT_EQ(state_of(grant, &listed, missing).first, EndpointState::scope_missing);
  EXPECT_THAT(state_of(grant, &listed, missing).second, HasSubstr("mcp.connect, skills.read"));
}

TEST(TokensViewTest, TellsApartThatNothingTakesTokensAndThatThereAreNone) {
  const auto page_of = [](bool nowhere, bool has_one) {
    TokensView view;
    view.nowhere = nowhere;
    if (has_one) view.tokens.push_back({"CI", {}});
    return render_tokens(view);
  };
  constexpr auto* kNowhere = "None of the services you can reach takes tokens made by hand.";
  constexpr auto* kNone = "You have no tokens.";
  for (const bool has_one : {false, true}) {
    EXPECT_THAT(page_of(true, has_one), HasSubstr(kNowhere));
    EXPECT_THAT(page_of(true, has_one), Not(HasSubstr(kNone)));
    EXPECT_THAT(page_of(false, has_one), Not(HasSubstr(kNowhere)));
  }
  EXPECT_THAT(page_of(false, false), HasSubstr(kNone));
  EXPECT_THAT(page_of(false, true), Not(HasSubstr(kNone)));
}

TEST(EndpointStateTest, AGrantThatIsUsedIsConnectedWithoutACheck) {
  auto grant = a_grant();
  grant.last_used_at = kNow;
  EXPECT_EQ(state_of(grant, nullptr, allowed()).first, EndpointState::connected);
}

TEST(EndpointStateTest, ARoleThatWasLoweredShowsAtOnce) {
  const store::ToolCheck listed{"grant_1", kNow, store::ToolCheckOutcome::listed, 12};
  policy::Decision denied;
  denied.verdict = policy::Verdict::deny;
  EXPECT_EQ(state_of(a_grant(), &listed, denied).first, EndpointState::scope_missing);
  denied.shadow = true;
  EXPECT_EQ(state_of(a_grant(), &listed, denied).first, EndpointState::connected);
}

TEST(EndpointStateTest, AServerWithoutToolsIsThere) {
  const store::ToolCheck none{"grant_1", kNow, store::ToolCheckOutcome::listed, 0};
  EXPECT_EQ(state_of(a_grant(), &none, allowed()).first, EndpointState::connected);
  EXPECT_THAT(state_of(a_grant(), &none, allowed()).second, HasSubstr("has no tools for you"));
}

TEST(SnippetsTest, AreExact) {
  const auto snippets = snippets_for("acme-tools", "https://acme.mcp.example.test/mcp");
  const auto text = [&](const std::string& client) -> std::string {
    for (const auto& snippet : snippets) {
      if (snippet.client == client) return snippet.text;
    }
    return "none";
  };
  EXPECT_EQ(text("ChatGPT"), "https://acme.mcp.example.test/mcp");
  EXPECT_EQ(text("Claude"), "https://acme.mcp.example.test/mcp");
  EXPECT_EQ(text("Claude Code"), "claude mcp add --transport http acme-tools https://acme.mcp.example.test/mcp");
  EXPECT_EQ(text("Cursor"), R"({
  "mcpServers": {
    "acme-tools": {
      "url": "https://acme.mcp.example.test/mcp"
    }
  }
})");
  EXPECT_EQ(text("VS Code"), R"({
  "servers": {
    "acme-tools": {
      "type": "http",
      "url": "https://acme.mcp.example.test/mcp"
    }
  }
})");
  EXPECT_EQ(text("MCP Inspector"), "https://acme.mcp.example.test/mcp");
  EXPECT_EQ(text("Clients that only run programs"), R"({
  "mcpServers": {
    "acme-tools": {
      "command": "npx",
      "args": [
        "-y",
        "mcp-remote",
        "https://acme.mcp.example.test/mcp"
      ]
    }
  }
})");
}

TEST(SnippetsTest, NamesAreWhatEveryClientTakes) {
  EXPECT_EQ(snippet_name("acme", "Orgonaut Tools"), "acme-orgonaut-tools");
  EXPECT_EQ(snippet_name("acme", "\xC3\x96l & Gas!"), "acme-l-gas");
  EXPECT_EQ(snippet_name("", "---"), "postern");
  EXPECT_EQ(snippet_name("x", "; rm -rf /"), "x-rm-rf");
}

TEST(DisplayTimeTest, IsInUtcToTheMinute) {
  EXPECT_EQ(display_time(kNow), "15 Jan 2027, 08:00 UTC");
  EXPECT_EQ(display_time(kNow + 59s), "15 Jan 2027, 08:00 UTC");
  EXPECT_EQ(display_time(kNow - 8h - 1ms), "14 Jan 2027, 23:59 UTC");
  EXPECT_EQ(display_day(Time{}), "1 Jan 1970");
}

TEST(AccountViewsTest, WhatOthersNameIsTextOnly) {
  for (const std::string payload :
       {"<svg onload=alert(1)>", "\"onfocus=alert(1) autofocus x=\"", "{{form_token}}",
        "</title><script>alert(1)</script>", "'><img src=x onerror=alert(1)>", "{{{nav}}}"}) {
    const AccountHead head{{payload, payload}, AccountPlace::apps, payload};
    GrantFacts facts;
    facts.grant = facts.tenant_name = facts.tenant_handle = facts.resource = facts.url = payload;
    facts.scopes = {{payload, payload}};
    AppsView apps{head, payload, {{payload, payload, 1, facts}}, 3};
    TokensView tokens;
    tokens.head = head;
    tokens.form_token = payload;
    tokens.made = NewToken{payload, payload, payload, payload};
    tokens.form = TokenForm{
        payload,     payload, payload, payload, payload, payload, payload, payload, {{payload, payload, true}},
        {{90, true}}};
    tokens.places = {{payload, payload}};
    tokens.tokens = {{payload, facts}};
    EndpointView endpoint;
    endpoint.urls = {payload, payload};
    endpoint.resource = endpoint.authorization_server = endpoint.scopes = endpoint.detail = endpoint.grant = payload;
    endpoint.snippets = {{payload, payload, payload}};
    endpoint.shared = endpoint.manual_tokens = true;
    const EndpointsView endpoints{head, payload, {{payload, payload, payload, {endpoint}}}, true};
    for (const auto& page : {render_apps(apps), render_tokens(tokens), render_endpoints(endpoints)}) {
      const auto from = page.find("<style>");
      const auto markup = page.substr(0, from) + page.substr(page.find("</style>"));
      for (const char* broken : {"<svg", "<script", "<img", "\"onfocus", "'><"}) {
        EXPECT_THAT(markup, Not(HasSubstr(broken))) << payload;
      }
    }
  }
}

}  // namespace
}  // namespace postern::web
