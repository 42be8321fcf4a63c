#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "mcp/jsonrpc.hpp"

namespace postern::mcp {
namespace {

int code_of(std::string_view body) {
  const auto message = read_message(body);
  return message ? 0 : message.error().code;
}

// A tools/call whose params hold these members beside the name.
std::string call_with(std::string_view members) {
  return R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t",)" + std::string(members) + "}}";
}

TEST(ReadMessage, Request) {
  const auto message = read_message(
      R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"links.list","arguments":{"n":1}}})");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->kind, MessageKind::request);
  EXPECT_EQ(message->method, "tools/call");
  EXPECT_EQ(message->id, 7);
  EXPECT_EQ(message->name, "links.list");
  EXPECT_EQ(message->params["arguments"]["n"], 1);
  EXPECT_FALSE(message->meta_version);
}

TEST(ReadMessage, Notification) {
  const auto message = read_message(R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->kind, MessageKind::notification);
  EXPECT_TRUE(message->id.is_null());
  EXPECT_TRUE(message->params.is_null());
}

TEST(ReadMessage, Responses) {
  const auto result = read_message(R"({"jsonrpc":"2.0","id":"a","result":{"roots":[]}})");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->kind, MessageKind::response);
  EXPECT_EQ(result->id, "a");
  EXPECT_TRUE(result->method.empty());
  EXPECT_EQ(result->result["roots"].size(), 0U);
  const auto error = read_message(R"({"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"no"}})");
  ASSERT_TRUE(error);
  EXPECT_EQ(error->error["code"], -1);
}

TEST(ReadMessage, WhatMethodsNameIsReadFromTheRightMember) {
  const auto name_of = [](std::string_view method, std::string_view params) {
    return read_message(R"({"jsonrpc":"2.0","id":1,"method":")" + std::string(method) + R"(","params":)" +
                        std::string(params) + "}")
        ->name;
  };
  EXPECT_EQ(name_of("prompts/get", R"({"name":"p","uri":"u"})"), "p");
  EXPECT_EQ(name_of("resources/read", R"({"name":"p","uri":"u"})"), "u");
  EXPECT_EQ(name_of("resources/subscribe", R"({"uri":"u"})"), "u");
  EXPECT_EQ(name_of("resources/unsubscribe", R"({"uri":"u"})"), "u");
  EXPECT_EQ(name_of("tasks/get", R"({"taskId":"t"})"), "t");
  EXPECT_EQ(name_of("tools/list", R"({"name":"p"})"), "");
}

TEST(ReadMessage, EscapesAreDecodedBeforeAnythingIsDecided) {
  const auto message =
      read_message(R"({"jsonrpc":"2.0","id":1,"meth\u006fd":"tools\/call","params":{"n\u0061me":"\u0064anger"}})");
  ASSERT_TRUE(message);
  EXPECT_EQ(message->method, "tools/call");
  EXPECT_EQ(message->name, "danger");
}

TEST(ReadMessage, BatchesAreRefusedHoweverTheyAreWrapped) {
  for (const auto body : {R"([{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"danger"}}])", "[]",
                          "[[{}]]", " \t\r\n[]", "\xEF\xBB\xBF[]", "\xEF\xBB\xBF \n[{}]", "["}) {
    EXPECT_EQ(code_of(body), -32600) << body;
  }
}

TEST(ReadMessage, OnlyAnObjectIsAMessage) {
  for (const auto body : {"1", "null", "\"tools/call\"", "true", "{}"}) EXPECT_EQ(code_of(body), -32600) << body;
  for (const auto body : {"", "\xEF\xBB\xBF{}", "x", "{\"jsonrpc\":"}) EXPECT_EQ(code_of(body), -32700) << body;
}

TEST(ReadMessage, DuplicateMembersAreRefused) {
  EXPECT_NE(code_of(R"({"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call","params":{"name":"t"}})"), 0);
  EXPECT_NE(code_of(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":{},"params":{}})"), 0);
  EXPECT_NE(code_of(call_with(R"("name":"danger")")), 0);
  EXPECT_NE(code_of(call_with(R"("n\u0061me":"danger")")), 0);
}

TEST(ReadMessage, UnknownMembersAreRefusedCaseVariantsAmongThem) {
  for (const auto* member : {"Method", "METHOD", "param\u017F", "Params", "ID", "extra", "jsonRPC", ""}) {
    EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"method":"ping",")" + std::string(member) + R"(":{}})"), -32600)
        << member;
  }
}

TEST(ReadMessage, CaseTwinsOfMembersThatDecideAreRefused) {
  for (const auto* members :
       {R"("Name":"danger")", R"("NAME":"danger")", R"("nAme":1)", R"("URI":"x")",
        R"("ur)"
        "\u0131"
        R"(":"x")",
        R"("Arguments":{})",
        R"("argument)"
        "\u017F"
        R"(":{})",
        R"("TaskID":"x")",
        R"("tas)"
        "\u212A"
        R"(Id":"x")",
        R"("_META":{})", R"("_meta":{"io.modelcontextprotocol/ProtocolVersion":"2026-07-28"})",
        R"("ref":{"type":"ref/prompt","NAME":"x"})", R"("notifications":{"ResourceSubscriptions":["x"]})"}) {
    EXPECT_EQ(code_of(call_with(members)), -32600) << members;
  }
  // Only the members that decide: arguments belong to the tool.
  EXPECT_EQ(code_of(call_with(R"("arguments":{"Name":1,"NAME":2,"name":3})")), 0);
  EXPECT_EQ(code_of(call_with(R"("names":1,"nam":2,"_meta":{"Name":1})")), 0);
}

TEST(ReadMessage, JsonRpcVersionIsRequired) {
  EXPECT_EQ(code_of(R"({"id":1,"method":"ping"})"), -32600);
  EXPECT_EQ(code_of(R"({"jsonrpc":"1.0","id":1,"method":"ping"})"), -32600);
  EXPECT_EQ(code_of(R"({"jsonrpc":2.0,"id":1,"method":"ping"})"), -32600);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"method":"ping"})"), 0);
}

TEST(ReadMessage, IdsAreTextOrInteger) {
  const auto with_id = [](std::string_view id) {
    return R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":"ping"})";
  };
  for (const auto id : {"0", "-1", "9007199254740993", "\"\"", "\"a\""}) EXPECT_EQ(code_of(with_id(id)), 0) << id;
  for (const auto id : {"null", "1.5", "1.0", "1e3", "{}", "[]", "true", "99999999999999999999"}) {
    EXPECT_EQ(code_of(with_id(id)), -32600) << id;
  }
  EXPECT_EQ(code_of(with_id('"' + std::string(256, 'a') + '"')), 0);
  EXPECT_EQ(code_of(with_id('"' + std::string(257, 'a') + '"')), -32600);
  EXPECT_EQ(code_of(with_id('"' + std::string(1'000'000, 'a') + '"')), -32600);
}

TEST(ReadMessage, ResponsesHaveResultOrErrorAndAnId) {
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1})"), -32600);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"result":{},"error":{}})"), -32600);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","result":{}})"), -32600);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":null,"result":{}})"), -32600);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"error":"no"})"), -32600);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"result":{},"params":{}})"), -32600);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"result":{},"method":"ping"})"), -32600);
}

TEST(ReadMessage, MethodsAreShortTexts) {
  const auto with_method = [](std::string_view method) {
    return R"({"jsonrpc":"2.0","id":1,"method":)" + std::string(method) + "}";
  };
  for (const auto method : {"1", "null", "[]", "{}", "\"\""}) EXPECT_EQ(code_of(with_method(method)), -32600) << method;
  EXPECT_EQ(code_of(with_method('"' + std::string(257, 'm') + '"')), -32600);
  EXPECT_EQ(code_of(with_method(R"("nobody/knows")")), 0);
}

TEST(ReadMessage, ParamsAreAnObject) {
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":["x"]})"), -32600);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":"x"})"), -32600);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":null})"), 0);
}

TEST(ReadMessage, AMethodThatNamesSomethingNamesIt) {
  const auto call = [](std::string_view params) {
    return R"({"jsonrpc":"2.0","id":1,"method":"tools/call")" + std::string(params) + "}";
  };
  for (const auto params :
       {"", R"(,"params":{})", R"(,"params":{"name":1})", R"(,"params":{"name":null})",
        R"(,"params":{"name":["danger"]})", R"(,"params":{"name":""})", R"(,"params":{"uri":"x"})"}) {
    EXPECT_EQ(code_of(call(params)), -32602) << params;
  }
}

TEST(ReadMessage, NulHidesNothing) {
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe\u0000danger"}})"), -32700);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"a\u0000"}})"), -32700);
  EXPECT_EQ(code_of(R"({"jsonrpc":"2.0","id":1,"method":"ping\u0000"})"), -32700);
  EXPECT_EQ(code_of(call_with(R"("arguments":{"x":"a\u0000b"})")), 0);
}

TEST(ReadMessage, MetaTellsTheEra) {
  const auto message =
      read_message(call_with(R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","progressToken":1})"));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->meta_version, "2026-07-28");
  EXPECT_FALSE(read_message(call_with(R"("_meta":{"progressToken":1})"))->meta_version);
  EXPECT_FALSE(read_message(call_with(R"("_meta":null)"))->meta_version);
  EXPECT_EQ(code_of(call_with(R"("_meta":[])")), -32602);
  EXPECT_EQ(code_of(call_with(R"("_meta":{"io.modelcontextprotocol/protocolVersion":20260728})")), -32602);
}

TEST(ReadMessage, FaultsCarryTheIdWhereItCouldBeRead) {
  EXPECT_EQ(read_message(R"({"jsonrpc":"2.0","id":"x","method":"tools/call"})").error().id, "x");
  EXPECT_EQ(read_message(R"({"jsonrpc":"2.0","id":4,"method":1})").error().id, 4);
  EXPECT_TRUE(read_message(R"({"jsonrpc":"2.0","id":[],"method":"ping"})").error().id.is_null());
}

TEST(ParseJson, TellsWhatIsNoJsonFromWhatIsRefused) {
  EXPECT_EQ(parse_json("{").error().code, -32700);
  EXPECT_EQ(parse_json(R"({"a":1,"a":1})").error().code, -32600);
  EXPECT_EQ(*parse_json("[1]"), nlohmann::json::array({1}));
  EXPECT_ANY_THROW(parse_json("{").value());
}

TEST(ErrorBody, HasTheMembersOfJsonRpcInOrder) {
  EXPECT_EQ(error_body(1, -32600, "no"), R"({"jsonrpc":"2.0","id":1,"error":{"code":-32600,"message":"no"}})");
  EXPECT_EQ(error_body(nullptr, -32003, "a \"b\"", {{"error", "x"}}),
            R"({"jsonrpc":"2.0","id":null,"error":{"code":-32003,"message":"a \"b\"","data":{"error":"x"}}})");
}

TEST(ErrorBody, SurvivesBrokenUtf8) { EXPECT_TRUE(parse_json(error_body("a", 1, "\xFF"))); }

}  // namespace
}  // namespace postern::mcp
