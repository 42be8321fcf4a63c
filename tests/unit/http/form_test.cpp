#include "http/form.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace postern::http {
namespace {

using namespace std::string_literals;

TEST(Form, DecodesPairsInOrder) {
  const auto form =
      Form::parse("grant_type=authorization_code&code=a%2Bb+c&empty=&bare&&x=1=2&caf%C3%A9=%E2%82%AC&").value();
  ASSERT_EQ(form.pairs().size(), 6U);
  EXPECT_EQ(form.get("grant_type"), "authorization_code");
  EXPECT_EQ(form.get("code"), "a+b c");
  EXPECT_EQ(form.get("empty"), "");
  EXPECT_EQ(form.get("bare"), "");
  EXPECT_EQ(form.get("x"), "1=2");
  EXPECT_EQ(form.get("caf\xC3\xA9"), "\xE2\x82\xAC");
  EXPECT_EQ(form.get("Code"), std::nullopt);
  EXPECT_EQ(form.get_or_empty("missing"), "");
  EXPECT_FALSE(form.empty());
  EXPECT_TRUE(Form::parse("").value().empty());
}

TEST(Form, NamesTheParameterThatIsRepeated) {
  const auto form = Form::parse("resource=a&scope=b&resource=c&scop%65=d").value();
  EXPECT_EQ(form.repeated(), "resource");
  EXPECT_EQ(form.repeated({"resource"}), "scope");
  EXPECT_EQ(form.repeated({"resource", "scope"}), "");
  EXPECT_EQ(form.get_all("resource"), (std::vector<std::string_view>{"a", "c"}));
}

TEST(Form, WhatHasNoNameIsNoParameter) {
  const auto form = Form::parse("=a&=b&&scope=c").value();
  EXPECT_EQ(form.pairs().size(), 3U);
  EXPECT_EQ(form.repeated(), "");
  // Nor does it hide one that is.
  EXPECT_EQ(Form::parse("=a&=b&scope=c&scope=d")->repeated(), "scope");
}

TEST(Form, RefusesWhatDecodesToNoText) {
  for (const std::string& text :
       {"a=%"s, "a=%2"s, "a=%zz"s, "%g0=a"s, "a=%00"s, "a=%ff"s, "a=%c0%ae"s, "a=%ed%a0%80"s, "a=\xFF"s, "a=b\0"s}) {
    const auto form = Form::parse(text);
    ASSERT_FALSE(form) << text;
    EXPECT_EQ(form.error().code, Errc::invalid) << text;
  }
}

TEST(Form, HoldsItsLimits) {
  FormLimits limits;
  limits.pairs = 2;
  limits.name = 3;
  limits.value = 4;
  EXPECT_TRUE(Form::parse("abc=%41%42%43%44&&b=", limits));
  for (const std::string text : {"a&b&c", "abcd=", "a=12345", "a=%31%32%33%34%35"}) {
    const auto form = Form::parse(text, limits);
    ASSERT_FALSE(form) << text;
    EXPECT_EQ(form.error().code, Errc::too_large) << text;
  }
}

TEST(PercentEncoding, LeavesOnlyUnreservedCharacters) {
  EXPECT_EQ(percent_encode("Az09-._~"), "Az09-._~");
  EXPECT_EQ(percent_encode(" +&=/?%\xC3\xA9\n"), "%20%2B%26%3D%2F%3F%25%C3%A9%0A");
}

TEST(PercentEncoding, DecodesAndKeepsPlus) {
  EXPECT_EQ(percent_decode("a%20b+c%C3%a9"), "a b+c\xC3\xA9");
  EXPECT_EQ(percent_decode(""), "");
  EXPECT_EQ(percent_decode("%4"), std::nullopt);
  EXPECT_EQ(percent_decode("%4g"), std::nullopt);
  EXPECT_EQ(percent_decode("a%"), std::nullopt);
}

TEST(EncodeForm, IsReadBackAsItWas) {
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"a b", "c&d=e+f%"}, {"state", "\xE2\x82\xAC\n"}, {"x", ""}};
  EXPECT_EQ(encode_form({{"a", "1"}, {"b", "x y"}}), "a=1&b=x%20y");
  EXPECT_EQ(Form::parse(encode_form(pairs)).value().pairs(), pairs);
}

}  // namespace
}  // namespace postern::http
