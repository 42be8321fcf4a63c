#include "mcp/header_check.hpp"

#include <string>

#include <gtest/gtest.h>

namespace postern::mcp {
namespace {

constexpr std::string_view kModern = "2026-07-28";

Message read(const std::string& body) { return read_message(body).value(); }

std::string modern_meta(std::string_view version = kModern) {
  return R"("_meta":{"io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/protocolVersion":")" +
         std::string(version) + "\"}";
}

Message modern(std::string_view method, const std::string& members = "", std::string_view version = kModern) {
  return read(R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(method) + R"(","params":{)" + modern_meta(version) +
              members + "}}");
}

Message legacy(std::string_view method, const std::string& members = "") {
  return read(R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(method) + R"(","params":{)" + members + "}}");
}

// The code of the fault; 0 when the headers are in order.
int code_of(const MirroredHeaders& headers, const Message& message) {
  const auto fault = check_headers(headers, message);
  return fault ? fault->code : 0;
}

const std::string kTool = R"(,"name":"danger")";

TEST(ModernHeaders, MustEqualTheBody) {
  EXPECT_EQ(code_of({kModern, "tools/call", "danger"}, modern("tools/call", kTool)), 0);
  EXPECT_EQ(code_of({kModern, "tools/list", {}}, modern("tools/list")), 0);
  EXPECT_EQ(code_of({kModern, "resources/read", "file:///a"}, modern("resources/read", R"(,"uri":"file:///a")")), 0);
  EXPECT_EQ(code_of({kModern, "tasks/get", "t1"}, modern("tasks/get", R"(,"taskId":"t1")")), 0);
}

TEST(ModernHeaders, AreRequired) {
  const auto call = modern("tools/call", kTool);
  EXPECT_EQ(code_of({{}, "tools/call", "danger"}, call), -32020);
  EXPECT_EQ(code_of({kModern, {}, "danger"}, call), -32020);
  EXPECT_EQ(code_of({kModern, "tools/call", {}}, call), -32020);
  EXPECT_EQ(code_of({kModern, "tasks/get", {}}, modern("tasks/get", R"(,"taskId":"t1")")), -32020);
}

TEST(ModernHeaders, MethodThatContradictsIsAMismatch) {
  const auto call = modern("tools/call", kTool);
  EXPECT_EQ(code_of({kModern, "ping", "danger"}, call), -32020);
  EXPECT_EQ(code_of({kModern, "Tools/Call", "danger"}, call), -32020);
  EXPECT_EQ(code_of({kModern, "tools/call, tools/call", "danger"}, call), -32020);
  EXPECT_EQ(code_of({kModern, "=?base64?dG9vbHMvY2FsbA==?=", "danger"}, call), -32020);
}

TEST(ModernHeaders, NameThatContradictsIsAMismatch) {
  const auto call = modern("tools/call", kTool);
  for (const auto* name : {"safe", "Danger", "", "danger, danger", "=?base64?c2FmZQ==?=", "dang\xC3\xA9r"}) {
    EXPECT_EQ(code_of({kModern, "tools/call", name}, call), -32020) << name;
  }
  EXPECT_EQ(code_of({kModern, "tools/list", "danger"}, modern("tools/list")), -32020);
}

TEST(ModernHeaders, NameIsComparedDecoded) {
  EXPECT_EQ(code_of({kModern, "tools/call", "=?base64?ZGFuZ2Vy?="}, modern("tools/call", kTool)), 0);
  const auto euro = modern("tools/call", ",\"name\":\"\xE2\x82\xAC\"");
  EXPECT_EQ(code_of({kModern, "tools/call", "=?base64?4oKs?="}, euro), 0);
  EXPECT_EQ(code_of({kModern, "tools/call", "\xE2\x82\xAC"}, euro), -32020);
}

TEST(ModernHeaders, BrokenOrLiteralBase64FormsAreMismatches) {
  const auto call = modern("tools/call", kTool);
  for (const auto* name : {"=?BASE64?ZGFuZ2Vy?=", "=?base64?ZGFuZ2V?=", "=?base64?ZGFuZ2Vy=?=", "=?base64?ZGFu Z2Vy?=",
                           "=?base64?/w==?=", "=?base64?="}) {
    EXPECT_EQ(code_of({kModern, "tools/call", name}, call), -32020) << name;
  }
  const auto literal = modern("tools/call", R"(,"name":"=?base64?literal?=")");
  EXPECT_EQ(code_of({kModern, "tools/call", "=?base64?literal?="}, literal), -32020);
  EXPECT_EQ(code_of({kModern, "tools/call", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="}, literal), 0);
}

TEST(ModernHeaders, VersionThatContradictsIsAMismatch) {
  const auto list = modern("tools/list");
  EXPECT_EQ(code_of({"2025-06-18", "tools/list", {}}, list), -32020);
  EXPECT_EQ(code_of({"1999-01-01", "tools/list", {}}, list), -32020);
  EXPECT_EQ(code_of({"2026-07-28, 2026-07-28", "tools/list", {}}, list), -32020);
  EXPECT_EQ(code_of({kModern, "tools/list", {}}, modern("tools/list", "", "v999.0.0")), -32020);
}

TEST(ModernHeaders, UnknownVersionIsUnsupportedAndToldWhatIsNot) {
  const auto fault = check_headers({"v999.0.0", "tools/list", {}}, modern("tools/list", "", "v999.0.0"));
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->code, -32022);
  EXPECT_TRUE(fault->list_supported);
  EXPECT_EQ(fault->data, (nlohmann::json{{"supported", {"2026-07-28"}}, {"requested", "v999.0.0"}}));
}

TEST(ModernHeaders, ALegacyVersionInMetaIsUnsupported) {
  EXPECT_EQ(code_of({"2025-06-18", "tools/list", {}}, modern("tools/list", "", "2025-06-18")), -32022);
}

TEST(ModernHeaders, LongOrUnprintableVersionsAreNotQuoted) {
  const std::string version(65, 'v');
  const auto fault = check_headers({version, "tools/list", {}}, modern("tools/list", "", version));
  ASSERT_TRUE(fault);
  EXPECT_FALSE(fault->data.contains("requested"));
  EXPECT_FALSE(check_headers({"\xFF", {}, {}}, legacy("ping"))->data.contains("requested"));
}

TEST(ModernHeaders, MissingMetaFieldsAreInvalidParams) {
  EXPECT_EQ(code_of({kModern, "tools/list", {}}, legacy("tools/list")), -32602);
  EXPECT_EQ(code_of({kModern, "tools/list", {}}, read(R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})")), -32602);
  EXPECT_EQ(code_of({kModern, "tools/list", {}},
                    legacy("tools/list", R"("_meta":{"io.modelcontextprotocol/clientCapabilities":{}})")),
            -32602);
  EXPECT_EQ(code_of({kModern, "tools/list", {}},
                    legacy("tools/list", R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"})")),
            -32602);
}

TEST(ModernHeaders, InitializeIsNoModernRequest) {
  EXPECT_EQ(code_of({kModern, {}, {}}, legacy("initialize", R"("protocolVersion":"2025-11-25")")), -32020);
}

TEST(ModernHeaders, RemovedMethodsAreNotFoundWhateverTheirParamsAndHeaders) {
  for (const auto* method : {"initialize", "ping", "logging/setLevel", "resources/subscribe", "resources/unsubscribe",
                             "tasks/list", "tasks/result", "sampling/createMessage"}) {
    EXPECT_EQ(code_of({kModern, method, {}}, modern(method)), -32601) << method;
    EXPECT_EQ(code_of({kModern, method, "a"}, modern(method, R"(,"uri":"a","taskId":"a")")), -32601) << method;
    EXPECT_EQ(code_of({kModern, "tools/list", {}}, modern(method)), -32601) << method;
    EXPECT_EQ(code_of({}, legacy(method, R"("uri":"a","taskId":"a")")), 0) << method;
  }
  EXPECT_EQ(code_of({kModern, "made/up", {}}, modern("made/up")), 0) << "what nobody knows is for the policy to deny";
}

TEST(ModernHeaders, AVersionThatIsUnknownCountsBeforeTheMethod) {
  EXPECT_EQ(code_of({"2025-11-25", "ping", {}}, modern("ping", "", "2025-11-25")), -32022);
  EXPECT_EQ(code_of({"2025-11-25", "ping", {}}, modern("ping")), -32020);
}

TEST(ModernHeaders, ClientsSendNoResponses) {
  const auto response = read(R"({"jsonrpc":"2.0","id":1,"result":{}})");
  EXPECT_EQ(code_of({kModern, {}, {}}, response), -32600);
  EXPECT_EQ(code_of({"2025-11-25", {}, {}}, response), 0);
  EXPECT_EQ(code_of({}, response), 0);
}

TEST(ModernHeaders, NotificationsNeedNoneButMayNotLie) {
  const auto plain = read(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}})");
  EXPECT_EQ(code_of({kModern, {}, {}}, plain), 0);
  EXPECT_EQ(code_of({kModern, "notifications/cancelled", {}}, plain), 0);
  EXPECT_EQ(code_of({kModern, "tools/list", {}}, plain), -32020);
  const auto versioned =
      read(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{)" + modern_meta() + "}}");
  EXPECT_EQ(code_of({}, versioned), 0);
  EXPECT_EQ(code_of({"2025-11-25", {}, {}}, versioned), -32020);
}

TEST(LegacyHeaders, AreOptional) {
  EXPECT_EQ(code_of({}, legacy("tools/call", R"("name":"danger")")), 0);
  for (const auto* version : {"2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"}) {
    EXPECT_EQ(code_of({version, {}, {}}, legacy("tools/list")), 0) << version;
  }
}

TEST(LegacyHeaders, MayNotContradictTheBody) {
  const auto call = legacy("tools/call", R"("name":"danger")");
  EXPECT_EQ(code_of({{}, "ping", {}}, call), -32020);
  EXPECT_EQ(code_of({"2025-06-18", "tools/call", "safe"}, call), -32020);
  EXPECT_EQ(code_of({"2025-06-18", "tools/call", "danger"}, call), 0);
  EXPECT_EQ(code_of({{}, "ping", {}}, read(R"({"jsonrpc":"2.0","id":1,"result":{}})")), -32020);
}

TEST(LegacyHeaders, UnknownVersionIsUnsupported) {
  for (const auto* version : {"2025-01-01", "", "2025-06-18, 2025-06-18", "2025-06-18x"}) {
    const auto fault = check_headers({version, {}, {}}, legacy("tools/list"));
    ASSERT_TRUE(fault) << version;
    EXPECT_EQ(fault->code, -32022) << version;
    EXPECT_EQ(fault->data["supported"].size(), 5U);
  }
}

TEST(HeaderValue, DecodesTheSentinelFormOnly) {
  EXPECT_EQ(decode_header_value("us-west1"), "us-west1");
  EXPECT_EQ(decode_header_value(""), "");
  EXPECT_EQ(decode_header_value("=?base64?SGVsbG8sIOS4lueVjA==?="), "Hello, \xE4\xB8\x96\xE7\x95\x8C");
  EXPECT_EQ(decode_header_value("=?base64?"
                                "?="),
            "");
  EXPECT_EQ(decode_header_value("=?BASE64?ZGFuZ2Vy?="), "=?BASE64?ZGFuZ2Vy?=");
  EXPECT_EQ(decode_header_value("=?base64?ZGFuZ2Vy"), "=?base64?ZGFuZ2Vy");
  EXPECT_EQ(decode_header_value("=?base64?="), std::nullopt);
  EXPECT_EQ(decode_header_value("=?base64?ZGFuZ2V?="), std::nullopt);
  EXPECT_EQ(decode_header_value("=?base64?ZGFuZ2_-?="), std::nullopt);
  EXPECT_EQ(decode_header_value("=?base64?QR==?="), std::nullopt);
  EXPECT_EQ(decode_header_value("=?base64?/w==?="), std::nullopt);
}

TEST(Versions, KnownAndModern) {
  EXPECT_EQ(known_versions().front(), "2024-11-05");
  EXPECT_TRUE(is_known_version("2024-11-05"));
  EXPECT_TRUE(is_known_version("2026-07-28"));
  EXPECT_FALSE(is_known_version("DRAFT-2026-v1"));
  EXPECT_TRUE(is_modern_version("2026-07-28"));
  EXPECT_FALSE(is_modern_version("2025-11-25"));
}

}  // namespace
}  // namespace postern::mcp
