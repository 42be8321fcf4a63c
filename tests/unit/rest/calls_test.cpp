#include "rest/calls.hpp"

#include <gtest/gtest.h>

#include "mcp/header_check.hpp"
#include "mcp/jsonrpc.hpp"

namespace postern::rest {
namespace {

using nlohmann::json;

TEST(Calls, ArgumentsGoOnByteForByte) {
  const std::string arguments = R"({ "n":1.50, "big": 12345678901234567890, "é":"\u00e9" })";
  for (const bool modern : {false, true}) {
    const auto text = call_message("id", "search", arguments, modern);
    EXPECT_NE(text.find(R"("arguments":)" + arguments + "}"), std::string::npos) << text;
    const auto message = mcp::read_message(text);
    ASSERT_TRUE(message) << text;
    EXPECT_EQ(message->name, "search");
    EXPECT_EQ(message->meta_version.has_value(), modern);
  }
}

TEST(Calls, ANameCannotLeaveItsPlace) {
  const std::string name = R"(x","arguments":{"a":1},"name":"y)";
  const auto message = mcp::read_message(call_message("id", name, "{}", false));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->name, name);
  EXPECT_EQ(message->params["arguments"], json::object());
}

// MCP 2026-07-28: what a server of that revision checks.
TEST(Calls, ModernMessagesAndTheirHeadersAgree) {
  for (const auto& [method, name, text] : std::vector<std::tuple<std::string, std::string, std::string>>{
           {"server/discover", "", discover_message("1")},
           {"tools/list", "", list_message("2", "x", true)},
           {"tools/call", "größe", call_message("3", "größe", "{}", true)}}) {
    const auto message = mcp::read_message(text);
    ASSERT_TRUE(message) << text;
    mcp::MirroredHeaders mirrored;
    const auto headers = mirrored_headers(method, name, nullptr, nullptr);
    for (const auto& [header, value] : headers) {
      if (header == "MCP-Protocol-Version") mirrored.protocol_version = value;
      if (header == "Mcp-Method") mirrored.method = value;
      if (header == "Mcp-Name") mirrored.name = value;
    }
    const auto fault = mcp::check_headers(mirrored, *message);
    EXPECT_FALSE(fault.has_value()) << method << (fault ? fault->reason : "");
  }
}

TEST(Calls, MessagesWithSessionsAreOfARevisionThatHasThem) {
  const auto message = mcp::read_message(initialize_message("1"));
  ASSERT_TRUE(message);
  EXPECT_TRUE(mcp::is_known_version(kLegacyVersion) && !mcp::is_modern_version(kLegacyVersion));
  EXPECT_EQ(message->params["protocolVersion"], kLegacyVersion);
  EXPECT_EQ(message->params["capabilities"], json::object());
  EXPECT_EQ(mcp::read_message(initialized_message())->kind, mcp::MessageKind::notification);
}

// MCP 2026-07-28 transports, "Custom Headers from Tool Parameters"
TEST(Calls, ParametersThatTheSchemaMarksAreMirrored) {
  const auto schema = json::parse(R"({"properties":{"region":{"x-mcp-header":"Region"},"n":{"x-mcp-header":"N"},
    "flag":{"x-mcp-header":"Flag"},"list":{"x-mcp-header":"List"},"bad":{"x-mcp-header":"a b"},"absent":{"x-mcp-header":"Z"},
    "in":{"properties":{"side":{"x-mcp-header":"Side"}}}}})");
  const auto arguments =
      json::parse(R"({"region":"münchen","n":7,"flag":true,"list":[1],"bad":"x","in":{"side":"left"}})");
  const auto headers = mirrored_headers("tools/call", "t", schema, arguments);
  const HeaderPairs wanted{{"MCP-Protocol-Version", "2026-07-28"},
                           {"Mcp-Method", "tools/call"},
                           {"Mcp-Name", "t"},
                           {"Mcp-Param-Flag", "true"},
                           {"Mcp-Param-Side", "left"},
                           {"Mcp-Param-N", "7"},
                           {"Mcp-Param-Region", "=?base64?bcO8bmNoZW4=?="}};
  EXPECT_EQ(headers, wanted);
}

TEST(Calls, HeaderValuesReadBackAsWhatTheyWere) {
  for (const std::string text : {"plain", "", " a", "a\nb", "ü", "=?base64?eA==?="}) {
    EXPECT_EQ(mcp::decode_header_value(header_value(text)), text);
  }
}

TEST(Calls, QuestionsOfTheServerAreDeclinedAndPingsAnswered) {
  EXPECT_EQ(json::parse(answer_to_server(7, "elicitation/create"))["error"]["code"], -32601);
  EXPECT_EQ(json::parse(answer_to_server("x", "ping"))["result"], json::object());
}

}  // namespace
}  // namespace postern::rest
