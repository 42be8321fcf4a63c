#include "mcp/envelope.hpp"

#include <gtest/gtest.h>

#include "mcp/jsonrpc.hpp"

namespace postern::mcp {
namespace {

std::optional<std::size_t> damage_of(std::string_view text) { return read_envelope(text).damaged_at; }
bool torn(std::string_view text) { return read_envelope(text).torn; }

TEST(Envelope, TellsWhatAMessageIs) {
  const auto answer = read_envelope(R"( {"jsonrpc":"2.0","result": {"a":[1]} ,"id":7} )");
  EXPECT_TRUE(answer.is_whole() && answer.is_plain() && answer.has_answer() && !answer.method.named);
  EXPECT_EQ(answer.id_value(), 7);
  EXPECT_EQ(answer.result.text, R"({"a":[1]})");

  const auto error = read_envelope(R"({"id":"x","error":{"code":1}})");
  EXPECT_TRUE(error.is_whole() && error.has_answer() && !error.result.named);
  EXPECT_EQ(error.id_value(), "x");

  const auto request = read_envelope(R"({"method":"ping","id":1,"params":{"result":1}})");
  EXPECT_TRUE(request.is_whole() && request.method.named && !request.has_answer());
  EXPECT_TRUE(read_envelope("{}").is_whole());
}

TEST(Envelope, WhatIsNoObjectSaysNothing) {
  for (const auto* text : {"", "ping", "[]", R"([{"id":1,"result":{}}])", "null", "\"x\"", R"("{\"id\":1}")"}) {
    const auto envelope = read_envelope(text);
    EXPECT_FALSE(envelope.is_whole() || envelope.has_answer() || envelope.method.named) << text;
    EXPECT_TRUE(envelope.id_value().is_null()) << text;
  }
}

TEST(Envelope, OnlyTextAndNumbersAreIds) {
  for (const auto* id : {"null", "true", "{}", "[1]", "NaN", "1e999", R"("\ud83d")"}) {
    EXPECT_TRUE(read_envelope(std::string(R"({"result":{},"id":)") + id + "}").id_value().is_null()) << id;
  }
}

TEST(Envelope, WhatHasTwoReadingsIsNotPlain) {
  for (const auto* text :
       {R"({"id":1,"id":2,"result":{}})", R"({"result":{},"result":{}})", R"({"result":{},"Result":{}})",
        R"({"result":{},"re\u0073ult":{}})", R"({"result":{},"ID":1})", R"({"Error":1,"result":{}})",
        R"({"result\u0000":{}})", R"({"result\u0000 and much more that a reader of C strings does not see":{}})"}) {
    EXPECT_FALSE(read_envelope(text).is_plain()) << text;
  }
  EXPECT_TRUE(read_envelope(R"({"x":1,"x":2,"results":1,"\ud83d":2,"id":1})").is_plain());
}

TEST(Envelope, ItsPartsAreTheirTexts) {
  const auto read =
      read_envelope(R"({ "jsonrpc":"2.0","result" : {"id":2,"error":{}} ,"other":[{"id":3}], "\u0069d" : 1.0 })");
  EXPECT_FALSE(read.damaged_at);
  EXPECT_EQ(read.result.text, R"({"id":2,"error":{}})");
  EXPECT_EQ(read.id.text, "1.0");
  EXPECT_TRUE(read.id.plain);
  EXPECT_FALSE(read.error.named);
  EXPECT_FALSE(read.method.named);
}

TEST(Envelope, WhatJsonIsHasNoDamage) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  for (const std::string& value :
       {std::string("0"), std::string("-0.10E+22"), std::string("1e999"), std::string(10'000, '9'),
        std::string(R"("\"\\\/\b\f\n\r\t\u12aF\ud83d")"), std::string("\"\xFF\x7F\""), std::string("[]"),
        std::string("[1 , [ ] ,{}]"), std::string(R"({"a":1,"a":{"b":[null,true,false]}})"), deep}) {
    EXPECT_FALSE(damage_of(R"({"v":)" + value + "}")) << value.substr(0, 80);
  }
  EXPECT_FALSE(damage_of("{}"));
  EXPECT_FALSE(damage_of("\t{\r\n} "));
}

TEST(Envelope, WhatIsBetweenTheBracketsMayBeDamagedAlone) {
  for (const std::string value : {"NaN", "-Infinity", "01", "+1", "1.", ".5", "1e", "0x1F", "True", "nul", "-",
                                  "\xC2\xA0", "\"\\x\"", "\"\\u12g4\"", "\"\x01\"", "\"\\u12\""}) {
    const auto text = R"({"v":)" + value + R"(,"id":1})";
    const auto read = read_envelope(text);
    EXPECT_TRUE(read.damaged_at) << value;
    EXPECT_FALSE(read.torn) << value;
    EXPECT_EQ(read.id.text, "1") << value;
  }
}

TEST(Envelope, IsTornWhereItDoesNotFitTogether) {
  for (const auto* text : {"",
                           "{",
                           R"({"a")",
                           R"({"a":)",
                           R"({"a":1)",
                           R"({"a":1,)",
                           R"({"a":1,})",
                           R"({"a" 1})",
                           R"({"a":,"b":1})",
                           R"({a:1})",
                           R"({"a":1]})",
                           R"({"a":[1})",
                           R"({"a":[1,]})",
                           R"({"a":"b)",
                           R"({"a":"b\)",
                           R"({"a":"b"c})",
                           R"({"a":1}})",
                           R"({"a":1}x)",
                           R"({"a":1}{"a":1})",
                           R"({1:2})",
                           "}",
                           R"({"a"::1})",
                           R"({,})"}) {
    EXPECT_TRUE(torn(text)) << text;
    EXPECT_TRUE(damage_of(text)) << text;
  }
  EXPECT_TRUE(torn(std::string_view("{}\0", 3)));
}

TEST(Envelope, AValueThatMayHaveBeenCutIsNone) {
  EXPECT_EQ(read_envelope(R"({"result":1,"id":5)").id.text, "");
  EXPECT_EQ(read_envelope(R"({"result":1,"id":5 )").id.text, "");
  EXPECT_EQ(read_envelope(R"({"id":5,"result":"cut)").id.text, "5");
  EXPECT_TRUE(read_envelope(R"({"id":5,"result":"cut)").result.named);
}

TEST(Envelope, EveryStrictMessageIsOneWithoutFault) {
  for (const auto* text :
       {R"({"jsonrpc":"2.0","id":1,"method":"ping"})", R"({"jsonrpc":"2.0","method":"notifications/x","params":{}})",
        R"({"jsonrpc":"2.0","id":"a","result":null})", R"({"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}})"}) {
    ASSERT_TRUE(read_message(text));
    EXPECT_FALSE(fault_of(read_envelope(text))) << text;
  }
}

TEST(Envelope, PaddingIsNoPartOfAMessage) {
  EXPECT_EQ(without_padding(" \t\xEF\xBB\xBF {} \r\n"), "{}");
  EXPECT_EQ(without_padding("{}"), "{}");
  EXPECT_EQ(without_padding(" \xEF\xBB\xBF "), "");
  EXPECT_EQ(without_padding(""), "");
}

TEST(Envelope, ParamsOfAnAnswerMeanNothing) {
  EXPECT_FALSE(fault_of(read_envelope(R"({"id":1,"result":1,"params":1,"params":2})")));
  EXPECT_TRUE(fault_of(read_envelope(R"({"id":1,"method":"x","params":{},"Params":{}})")));
}

TEST(Envelope, ADamagedRequestIsTheServersOwn) {
  const auto id_of = [](std::string_view text) { return id_of_damaged_request(read_envelope(text)); };
  EXPECT_EQ(id_of(R"({"id":"q","method":"x","params":NaN})"), R"("q")");
  for (const auto* text : {R"({"id":"q","id":"q","method":"x"})", R"({"id":"q","method":"x","result":NaN})",
                           R"({"id":"q","method":"x")", R"({"id":"q","params":NaN})"}) {
    EXPECT_EQ(id_of(text), "") << text;
  }
}

}  // namespace
}  // namespace postern::mcp
