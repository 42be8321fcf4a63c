#include "rest/answer.hpp"

#include <gtest/gtest.h>

namespace postern::rest {
namespace {

using nlohmann::json;

Answer of(const char* result) { return answer_of_call(json::parse(result)); }
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
  EXPECT_EQ(answer.members["content"].size(), 2U);
  EXPECT_EQ(of(R"({"isError":true})").detail, "the tool has failed");
}

TEST(Answer, ALongTextOfAFailureIsCutBetweenCharacters) {
  std::string words;
  for (int i = 0; i < 1000; ++i) words += "ä€";
  const auto detail = answer_of_call({{"isError", true}, {"content", {{{"type", "text"}, {"text", words}}}}}).detail;
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
  const auto wrong = answer_of_error(json::parse(R"({"code":-32602,"message":"query is missing"})"));
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(wrong.error, "invalid_arguments");
  EXPECT_NE(wrong.detail.find("query is missing"), std::string::npos);
  EXPECT_EQ(wrong.members["mcp"]["code"], -32602);
  const auto broken = answer_of_error(json::parse(R"({"code":-32603,"data":{"x":1}})"));
  EXPECT_EQ(broken.status, 502);
  EXPECT_EQ(broken.members["mcp"]["data"]["x"], 1);
  EXPECT_EQ(answer_of_error("no object").status, 502);
}

// RFC 9457 section 3
TEST(Problem, HasTheMembersOfTheRfcAndThoseOfRefusals) {
  const auto problem =
      json::parse(problem_document(403, "access_denied", "ask the operator", "id1", {{"mcp", {{"code", 1}}}}));
  EXPECT_EQ(problem, json::parse(R"({"type":"about:blank","title":"Forbidden","status":403,"detail":"ask the operator",
    "error":"access_denied","error_description":"ask the operator","request_id":"id1","mcp":{"code":1}})"));
}

}  // namespace
}  // namespace postern::rest
