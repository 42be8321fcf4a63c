#include "rest/answer.hpp"

#include <gtest/gtest.h>

namespace postern::rest {
namespace {

using nlohmann::json;

Answer of(const char* result) { return answer_of_call(json::parse(result), result); }
Answer of_error(const char* error) { return answer_of_error(json::parse(error), error); }
json body_of(const char* result) {
  const auto answer = of(result);
  EXPECT_EQ(answer.status, 200) << result;
  return json::parse(answer.body);
}

TEST(Answer, StructuredContentIsTheAnswer) {
  EXPECT_EQ(body_of(R"({"content":[{"type":"text","text":"{\"a\":2}"}],"structuredContent":{"a":1}})"),
            json::parse(R"({"a":1})"));
}

TEST(Answer, OneTextThatIsJsonIsThatJsonByteForByte) {
  EXPECT_EQ(of(R"({"content":[{"type":"text","text":"{\"big\": 12345678901234567890123}"}]})").body,
            R"({"big": 12345678901234567890123})");
  EXPECT_EQ(body_of(R"({"content":[{"type":"text","text":"[1]"}]})"), json::parse("[1]"));
}

TEST(Answer, OtherTextIsTheMemberText) {
  for (const auto* text : {"hello", "42", "\\\"x\\\"", "true", "", "{\\\"a\\\":1,\\\"a\\\":2}", "{"}) {
    const auto result = R"({"content":[{"type":"text","text":")" + std::string(text) + R"("}]})";
    EXPECT_TRUE(body_of(result.c_str())["text"].is_string()) << text;
  }
}

TEST(Answer, AllElseIsTheContentAsItIs) {
  for (const auto* content : {R"([])", R"([{"type":"text","text":"a"},{"type":"text","text":"b"}])",
                              R"([{"type":"image","data":"AA==","mimeType":"image/png"}])",
                              R"([{"type":"resource","resource":{"uri":"x:y","text":"{}"}}])"}) {
    EXPECT_EQ(body_of((R"({"content":)" + std::string(content) + "}").c_str())["content"], json::parse(content));
  }
}

TEST(Answer, AToolThatFailedIsAProblemWithItsWords) {
  const auto answer = of(R"({"isError":true,"content":[{"type":"image"},{"type":"text","text":"no milk"}]})");
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(answer.error, "tool_error");
  EXPECT_EQ(answer.detail, "no milk");
  EXPECT_EQ(answer.member, "content");
  EXPECT_EQ(json::parse(answer.body).size(), 2U);
  EXPECT_EQ(of(R"({"isError":true})").detail, "the tool has failed");
}

TEST(Answer, ALongTextOfAFailureIsCutBetweenCharacters) {
  std::string words;
  for (int i = 0; i < 1000; ++i) words += "ä€";
  const json result = {{"isError", true}, {"content", {{{"type", "text"}, {"text", words}}}}};
  const auto detail = of(result.dump().c_str()).detail;
  EXPECT_LT(detail.size(), 2010U);
  EXPECT_NO_THROW(static_cast<void>(json(detail).dump()));
}

// MCP 2026-07-28, "Multi Round-Trip Requests".
TEST(Answer, AQuestionOfTheToolIsNoAnswer) {
  EXPECT_EQ(of(R"({"resultType":"input_required","inputRequests":{}})").error, "input_required");
  EXPECT_EQ(of(R"({"resultType":"complete","content":[]})").status, 200);
  EXPECT_EQ(of(R"({"resultType":"task","taskId":"x"})").status, 502);
}

TEST(Answer, WhatIsNoResultIsTheServersFault) {
  for (const auto* result : {"null", "[]", "7", "\"x\""}) EXPECT_EQ(of(result).status, 502) << result;
}

TEST(Answer, AnErrorIsInsideTheProblem) {
  const auto wrong = of_error(R"({"code":-32602,"message":"query is missing"})");
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(wrong.error, "invalid_arguments");
  EXPECT_NE(wrong.detail.find("query is missing"), std::string::npos);
  EXPECT_EQ(wrong.member, "mcp");
  EXPECT_EQ(json::parse(wrong.body)["code"], -32602);
  const auto broken = of_error(R"({"code":-32603,"data":{"x":1}})");
  EXPECT_EQ(broken.status, 502);
  EXPECT_EQ(json::parse(broken.body)["data"]["x"], 1);
  EXPECT_EQ(of_error(R"("no object")").status, 502);
}

// RFC 8259 section 6: what a number that no double holds means is left to who reads it.
TEST(Answer, NumbersPassByteForByte) {
  const std::string numbers =
      R"({"a" : [12345678901234567890123, 9007199254740993.0, 1.50, -0, 1E2], "b":"\u00e9\"}"})";
  const std::string quoted = R"("structuredContent\":{}")";
  EXPECT_EQ(
      of((R"({ "content":[{"text":)" + quoted + R"(}], "structuredC\u006fntent" : )" + numbers + " }").c_str()).body,
      numbers);
  const auto block = R"([{"type":"x","n":)" + numbers + "}]";
  EXPECT_EQ(of((R"({"content":)" + block + "}").c_str()).body, R"({"content":)" + block + "}");
  EXPECT_EQ(of((R"({"isError":true,"content":)" + block + "}").c_str()).body, block);
  EXPECT_EQ(of_error((R"({"code":1,"data":)" + numbers + "}").c_str()).body, R"({"code":1,"data":)" + numbers + "}");
}

// RFC 9457 section 3
TEST(Problem, HasTheMembersOfTheRfcAndThoseOfRefusals) {
  const auto problem =
      json::parse(problem_document(403, "access_denied", "ask the operator", "id1", "mcp", R"({"code":1})"));
  EXPECT_EQ(problem, json::parse(R"({"type":"about:blank","title":"Forbidden","status":403,"detail":"ask the operator",
    "error":"access_denied","error_description":"ask the operator","request_id":"id1","mcp":{"code":1}})"));
}

}  // namespace
}  // namespace postern::rest
