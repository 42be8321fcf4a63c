#include "crypto/jwt.hpp"

#include <gtest/gtest.h>

namespace postern::crypto {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow = Time(1'800'000'000s);

Claims claims(std::string_view text) { return Claims::read(text).value(); }

// The code of the refusal; nullopt: the times are good.
std::optional<Errc> refusal(const std::string& text, const TimeRules& rules = {}) {
  const auto checked = claims(text).check_times(kNow, rules);
  return checked ? std::nullopt : std::optional(checked.error().code);
}

TEST(Claims, AreOneStrictJsonObject) {
  EXPECT_TRUE(Claims::read("{}"));
  for (const auto* text : {"", "[]", "1", "{} x", R"({"iss":"a","iss":"b"})", "{\"a\":\"\xFF\"}"}) {
    EXPECT_FALSE(Claims::read(text)) << text;
  }
}

TEST(Claims, TextIsAStringOrNothing) {
  EXPECT_EQ(claims(R"({"iss":"a"})").text("iss"), "a");
  for (const auto* text : {"{}", R"({"iss":1})", R"({"iss":["a"]})", R"({"iss":null})"}) {
    EXPECT_EQ(claims(text).text("iss"), "") << text;
  }
}

// RFC 7519 section 4.1.3.
TEST(Claims, AnAudienceIsAStringOrAListOfStrings) {
  EXPECT_EQ(claims(R"({"aud":"a"})").audiences(), std::vector<std::string>{"a"});
  EXPECT_EQ(claims(R"({"aud":["a","b"]})").audiences(), (std::vector<std::string>{"a", "b"}));
  for (const auto* text : {"{}", R"({"aud":1})", R"({"aud":["a",1]})", R"({"aud":{"a":1}})", R"({"aud":[]})"}) {
    EXPECT_TRUE(claims(text).audiences().empty()) << text;
  }
}

// RFC 7519 section 2.
TEST(Claims, TimesAreSecondsAndMayHaveFractions) {
  EXPECT_EQ(claims(R"({"exp":1800000000})").time("exp")->value(), kNow);
  EXPECT_EQ(claims(R"({"exp":1800000000.5})").time("exp")->value(), kNow + 500ms);
  EXPECT_EQ(claims("{}").time("exp")->has_value(), false);
  for (const auto* text : {R"({"exp":"1800000000"})", R"({"exp":-1})", R"({"exp":1e300})", R"({"exp":null})",
                           R"({"exp":18446744073709551615})", R"({"exp":true})"}) {
    EXPECT_FALSE(claims(text).time("exp")) << text;
  }
}

// RFC 7519 section 4.1.4.
TEST(Claims, ExpiryIsRequiredAndAhead) {
  EXPECT_EQ(refusal("{}"), Errc::invalid);
  EXPECT_EQ(refusal(R"({"exp":1800000001})"), std::nullopt);
  EXPECT_EQ(refusal(R"({"exp":1800000000})"), Errc::expired);
  EXPECT_EQ(refusal(R"({"exp":1799999990})", {.skew = 30s}), std::nullopt);
  EXPECT_EQ(refusal(R"({"exp":1799999970})", {.skew = 30s}), Errc::expired);
  EXPECT_EQ(refusal(R"({"exp":"soon"})"), Errc::invalid);
}

TEST(Claims, ExpiryMayBeBounded) {
  const TimeRules rules{.skew = 30s, .longest_life = 5min};
  EXPECT_EQ(refusal(R"({"exp":1800000330})", rules), std::nullopt);
  EXPECT_EQ(refusal(R"({"exp":1800000331})", rules), Errc::invalid);
}

// RFC 7519 sections 4.1.5 and 4.1.6.
TEST(Claims, NotBeforeAndIssuedAtDoNotLieAhead) {
  EXPECT_EQ(refusal(R"({"exp":1800000100,"nbf":1800000031})", {.skew = 30s}), Errc::invalid);
  EXPECT_EQ(refusal(R"({"exp":1800000100,"nbf":1800000030})", {.skew = 30s}), std::nullopt);
  EXPECT_EQ(refusal(R"({"exp":1800000100,"iat":1800000031})", {.skew = 30s}), Errc::invalid);
  EXPECT_EQ(refusal(R"({"exp":1800000100,"iat":1800000030})", {.skew = 30s}), std::nullopt);
}

TEST(Claims, AnAgeMayBeDemanded) {
  const TimeRules rules{.skew = 30s, .oldest = 5min};
  EXPECT_EQ(refusal(R"({"exp":1800000100})", rules), Errc::invalid);
  EXPECT_EQ(refusal(R"({"exp":1800000100,"iat":1799999670})", rules), std::nullopt);
  EXPECT_EQ(refusal(R"({"exp":1800000100,"iat":1799999669})", rules), Errc::expired);
}

TEST(Claims, WhatIsShownHasNoControlCharacterAndNoLengthThatNobodyNeeds) {
  const auto claims = Claims::read(R"({"name":"Zo\u00eb","tab":"a\tb","line":"a\nb","number":7,"long":")" +
                                   std::string(321, 'x') + "\"}");
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->plain("name"), "Zo\u00eb");
  for (const char* name : {"tab", "line", "number", "long", "absent"}) EXPECT_EQ(claims->plain(name), "") << name;
}

TEST(Claims, ASubjectIsAName) {
  const auto claims = Claims::read(R"({"a":"x:Y-7","b":"a b","c":"\u00eb","d":")" + std::string(256, 'x') + "\"}");
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->subject("a"), "x:Y-7");
  for (const char* name : {"b", "c", "d", "absent"}) EXPECT_EQ(claims->subject(name), "") << name;
}

TEST(Claims, AnAddressThatIsNotVerifiedIsNone) {
  const auto address = [](const std::string& more) {
    return Claims::read(R"({"email":"a@example.test")" + more + "}")->verified_email("email");
  };
  for (const char* good : {"", R"(,"email_verified":true)", R"(,"email_verified":"true")"}) {
    EXPECT_EQ(address(good), "a@example.test") << good;
  }
  for (const char* bad : {R"(,"email_verified":false)", R"(,"email_verified":"false")", R"(,"email_verified":null)"}) {
    EXPECT_EQ(address(bad), "") << bad;
  }
}

TEST(Claims, AnAddressIsOneAddress) {
  for (const char* text : {"a@good@evil", "ceo@x, b@y", "not an email", "@x", "a@", "", "<a@x>", "a@x;b"}) {
    const auto claims = Claims::read(nlohmann::json{{"email", text}}.dump());
    ASSERT_TRUE(claims);
    EXPECT_EQ(claims->verified_email("email"), "") << text;
  }
}

TEST(Claims, WordsAreATextWithBlanksOrAListOfTexts) {
  const auto claims = Claims::read(R"({"text":" a  b ","list":["a b",7,"c"],"number":7})");
  ASSERT_TRUE(claims);
  EXPECT_EQ(claims->words("text"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(claims->words("list"), (std::vector<std::string>{"a b", "c"}));
  EXPECT_TRUE(claims->words("number").empty());
  EXPECT_TRUE(claims->words("absent").empty());
}

}  // namespace
}  // namespace postern::crypto
