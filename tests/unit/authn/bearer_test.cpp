#include "authn/bearer.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::authn {
namespace {

Bearer extract(const std::vector<std::string>& values) {
  http::FieldBlock fields;
  fields.push({"Host", "ai.example.test"});
  for (const auto& value : values) fields.push({"authorization", value});
  return extract_bearer(fields);
}

TEST(Bearer, NoAuthorizationIsMissing) { EXPECT_EQ(extract({}).state, BearerState::missing); }

TEST(Bearer, OneTokenIsTaken) {
  const std::vector<std::string> values{"Bearer mcpv1_abc-._~+/=="};
  const auto bearer = extract(values);
  EXPECT_EQ(bearer.state, BearerState::present);
  EXPECT_EQ(bearer.token, "mcpv1_abc-._~+/==");
}

TEST(Bearer, TheSchemeIsComparedWithoutCase) {
  for (const std::string scheme : {"bearer", "BEARER", "bEaReR"}) {
    const std::vector<std::string> values{scheme + " abc"};
    EXPECT_EQ(extract(values).state, BearerState::present) << scheme;
  }
}

TEST(Bearer, SeveralBlanksMayFollowTheScheme) {
  const std::vector<std::string> values{"Bearer   abc"};
  EXPECT_EQ(extract(values).state, BearerState::present);
  EXPECT_EQ(extract(values).token, "abc");
}

TEST(Bearer, Compat6AnEmptyFieldOrTheSchemeAloneIsNoToken) {
  for (const char* value : {"", "Bearer", "bearer"}) {
    EXPECT_EQ(extract({value}).state, BearerState::missing) << value;
    EXPECT_TRUE(extract({value}).is_absent()) << value;
  }
}

TEST(Bearer, Compat6AnotherSchemeIsNoToken) {
  for (const std::string value :
       {"Basic YTpi", "Basic", "token abc", "ApiKey abc", "DPoP abc", "Negotiate abc==", "abc", "Bearerabc",
        "mcpv1_abc", "Digest username=\"a\", realm=\"b\"", "\"abc\"", ",", "=", "Basic \xC3\xA4", "Basic Bearer abc"}) {
    EXPECT_EQ(extract({value}).state, BearerState::other_scheme) << value;
    EXPECT_TRUE(extract({value}).is_absent()) << value;
  }
  EXPECT_EQ(extract({"Basic " + std::string(20'000, 'a')}).state, BearerState::other_scheme);
}

TEST(Bearer, Compat6BearerWithWhatCannotBeATokenIsUnreadable) {
  for (const std::string value :
       {"Bearer\tabc", "Bearer abc def", "Bearer abc,def", "Bearer \"abc\"", "Bearer a=b", "Bearer ==", "Bearer=abc",
        "Bearer, abc", "Bearer abc;", "Bearer abc, Basic YTpi", "Bearer \xC3\xA4"}) {
    EXPECT_EQ(extract({value}).state, BearerState::unreadable) << value;
    EXPECT_FALSE(extract({value}).is_absent()) << value;
  }
}

TEST(Bearer, Compat6TwoAuthorizationFieldsAreRepeated) {
  for (const std::vector<std::string>& values : std::vector<std::vector<std::string>>{
           {"Bearer abc", "Bearer abc"}, {"Bearer abc", "Basic YTpi"}, {"", "Bearer abc"}, {"", ""}}) {
    EXPECT_EQ(extract(values).state, BearerState::repeated);
    EXPECT_FALSE(extract(values).is_absent());
  }
}

TEST(Bearer, AFieldOver16KiBIsUnreadable) {
  EXPECT_EQ(extract({"Bearer " + std::string(16 * 1024 - 7, 'a')}).state, BearerState::present);
  EXPECT_EQ(extract({"Bearer " + std::string(16 * 1024 - 6, 'a')}).state, BearerState::unreadable);
}

}  // namespace
}  // namespace postern::authn
