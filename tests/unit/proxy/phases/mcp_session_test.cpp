#include "unit/proxy/world.hpp"

namespace postern::proxy {
namespace {

class McpSession : public testing::Test {
 protected:
  Session session() const {
    return {.id = "theirs",
            .address = "",
            .upstream = "tools",
            .resource = kResource,
            .tenant = "acme",
            .user = "local:alice",
            .client = ""};
  }
  std::string sealed(const Session& session) { return seal_session(session, world_.services().seals.session); }

  std::string verdict(Pairs headers, Pairs more = {}) {
    headers.insert(headers.end(), more.begin(), more.end());
    const auto client = world_.caller(world_.token(), kListTools, std::move(headers));
    auto x = world_.exchange(*client);
    auto refused = world_.open(x);
    if (!refused) refused = open_mcp_session(x);
    if (refused) return std::to_string(refused->status) + " " + refused->error;
    return x.session ? "opened " + x.session->id : "none";
  }

  World world_;
};

TEST_F(McpSession, OursIsOpenedAndWithoutOneTheServerBehindDecides) {
  EXPECT_EQ(verdict({}), "none");
  EXPECT_EQ(verdict({{"Mcp-Session-Id", sealed(session())}}), "opened theirs");
}

TEST_F(McpSession, OfSomebodyElseItIsUnknown) {
  for (const auto change : {&Session::user, &Session::client, &Session::resource, &Session::upstream}) {
    auto other = session();
    other.*change = "other";
    EXPECT_EQ(verdict({{"Mcp-Session-Id", sealed(other)}}), "404 unknown_session");
  }
  auto elsewhere = session();
  elsewhere.tenant = "globex";
  EXPECT_EQ(verdict({{"Mcp-Session-Id", sealed(elsewhere)}}), "401 session_handle_mismatch");
}

TEST_F(McpSession, ForgedRepeatedOrOfAnotherGatewayItIsNone) {
  EXPECT_EQ(verdict({{"Mcp-Session-Id", "forged"}}), "404 unknown_session");
  const crypto::Aead another(std::string(32, 'x'));
  EXPECT_EQ(verdict({{"Mcp-Session-Id", seal_session(session(), another)}}), "404 unknown_session");
  EXPECT_EQ(verdict({{"Mcp-Session-Id", sealed(session())}, {"Mcp-Session-Id", sealed(session())}}),
            "400 invalid_request");
}

TEST_F(McpSession, TheModernEraHasNoneSoAStrayHeaderIsIgnored) {
  EXPECT_EQ(verdict({{"Mcp-Session-Id", "forged"}, {"MCP-Protocol-Version", "2026-07-28"}}).substr(0, 3), "400")
      << "a body without its version is refused before";
  const auto client = world_.client({.method = "GET",
                                     .headers = {{"Authorization", "Bearer " + world_.token()},
                                                 {"Mcp-Session-Id", "forged"},
                                                 {"MCP-Protocol-Version", "2026-07-28"}}});
  auto x = world_.exchange(*client);
  x.modern = true;
  EXPECT_FALSE(open_mcp_session(x));
  EXPECT_FALSE(x.session);
}

}  // namespace
}  // namespace postern::proxy
