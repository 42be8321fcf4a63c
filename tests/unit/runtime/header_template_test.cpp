#include "runtime/header_template.hpp"

#include <gtest/gtest.h>

namespace postern::runtime {
namespace {

constexpr const char* kResource = "https://ai.example.test/mcp";

token::Principal alice() {
  token::Principal principal;
  principal.grant = "g1";
  principal.user = "entra:sub:1";
  principal.user_name = "alice";
  principal.user_email = "alice@example.test";
  principal.tenant = "acme";
  principal.tenant_name = "Acme Inc.";
  principal.plan = "business";
  principal.role = "editor";
  principal.client = "client_a";
  principal.client_name = "Some App";
  principal.resource = "https://ai.example.test/canonical";
  principal.scopes = {"read", "write"};
  return principal;
}

// "refused" where no header may be sent.
std::string render(std::string_view text, const token::Principal& principal = alice()) {
  const auto rendered = HeaderTemplate(text).render(principal, kResource);
  if (rendered) return *rendered;
  EXPECT_EQ(rendered.error().code, Errc::invalid);
  return "refused";
}

TEST(HeaderTemplate, EveryPlaceholderHasItsValue) {
  const std::pair<const char*, const char*> expected[] = {
      {"{tenant.handle}", "acme"},   {"{tenant.name}", "Acme Inc."},
      {"{tenant.plan}", "business"}, {"{user.key}", "entra:sub:1"},
      {"{user.provider}", "entra"},  {"{user.subject}", "sub:1"},
      {"{user.name}", "alice"},      {"{user.email}", "alice@example.test"},
      {"{role}", "editor"},          {"{scopes}", "read write"},
      {"{client.id}", "client_a"},   {"{client.name}", "Some App"},
      {"{grant.id}", "g1"},          {"{resource}", kResource}};
  for (const auto& [text, value] : expected) EXPECT_EQ(render(text), value) << text;
}

TEST(HeaderTemplate, LiteralsAndPlaceholdersStandSideBySide) {
  EXPECT_EQ(render("plain"), "plain");
  EXPECT_EQ(render("t={tenant.handle};u={user.name}."), "t=acme;u=alice.");
  EXPECT_EQ(render("{tenant.handle}{user.name}"), "acmealice");
}

TEST(HeaderTemplate, ADefaultStandsInForWhatIsMissing) {
  auto nameless = alice();
  nameless.user_email.clear();
  EXPECT_EQ(render("{user.email|-}", nameless), "-");
  EXPECT_EQ(render("<{user.email|no mail}>", nameless), "<no mail>");
  EXPECT_EQ(render("{user.email|a|b}", nameless), "a|b");
  EXPECT_EQ(render("{user.email|}", nameless), "");
  EXPECT_EQ(render("{user.email|-}"), "alice@example.test");
}

TEST(HeaderTemplate, WithoutADefaultWhatIsMissingRefusesTheCall) {
  const token::Principal nobody;
  for (const char* text : {"{tenant.handle}", "{tenant.name}", "{tenant.plan}", "{user.key}", "{user.subject}",
                           "{user.email}", "{role}", "{scopes}", "{client.id}", "{grant.id}", "user {user.name}"}) {
    EXPECT_EQ(render(text, nobody), "refused") << text;
  }
  EXPECT_EQ(render("{no.such.thing}"), "refused");
}

// RFC 9110 section 5.5, and what would end the line or the head.
TEST(HeaderTemplate, AValueThatCouldSplitTheRequestRefusesTheCall) {
  for (const std::string& evil :
       {std::string("a\r\nX-Admin: 1"), std::string("a\nb"), std::string("a\rb"), std::string("a\0b", 3),
        std::string("\x7f"), std::string("a\x1b[31m"), std::string("a\x0b"), std::string("Zo\xc3\xab\r\nX: 1"),
        std::string("a\xff"), std::string(" a"), std::string("a "), std::string("a\t"), std::string("a\r\n")}) {
    auto principal = alice();
    principal.user_name = evil;
    EXPECT_EQ(render("{user.name}", principal), "refused");
    EXPECT_EQ(render("{user.name|-}", principal), "refused");
    principal = alice();
    principal.scopes = {"read", evil + "x\n"};
    EXPECT_EQ(render("{scopes}", principal), "refused");
  }
}

// RFC 9110 section 5.5 leaves other than ASCII to luck; RFC 3986 section 2.1.
TEST(HeaderTemplate, WhatIsNoAsciiIsPercentEncodedSoThatNoTwoValuesBecomeOne) {
  auto principal = alice();
  principal.user_name = "Zo\xc3\xab \xe2\x80\xae";
  EXPECT_EQ(render("<{user.name}>", principal), "<Zo%C3%AB %E2%80%AE>");
  principal.user_name = "Zo%C3%AB";
  EXPECT_EQ(render("{user.name}", principal), "Zo%25C3%25AB") << "it would pass for another user";
  principal.tenant_name =
      "Gl\xc3\xb6"
      "bex, 100%";
  EXPECT_EQ(render("{tenant.name}", principal), "Gl%C3%B6bex, 100%25");
  principal.client = "https://client.example.test/a%20b";
  EXPECT_EQ(render("{client.id}", principal), principal.client) << "a URL is in that form already";
  principal.user_name = std::string("a\xc2\x85") + "b";
  EXPECT_EQ(render("{user.name}", principal), "a%C2%85b") << "a control character, but none of the head";
}

TEST(HeaderTemplate, AValueIsNotReadAsATemplateAgain) {
  auto principal = alice();
  principal.user_name = "{tenant.handle}";
  EXPECT_EQ(render("{user.name}", principal), "{tenant.handle}");
  principal.user_name = "{user.email|admin@example.test}";
  EXPECT_EQ(render("{user.name}/{role}", principal), "{user.email|admin@example.test}/editor");
}

TEST(HeaderTemplate, AKeyWithoutAProviderIsItsOwnSubject) {
  auto principal = alice();
  principal.user = "alice";
  EXPECT_EQ(render("{user.subject}", principal), "alice");
}

}  // namespace
}  // namespace postern::runtime
