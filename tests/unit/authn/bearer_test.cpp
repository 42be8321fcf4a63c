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

TEST(Bearer, EverythingElseIsMalformed) {
  for (const std::string value :
       {"", "Bearer", "Bearer ", "Bearer  abc", "Bearer\tabc", "Bearer abc def", "Bearer abc,def", "Bearer \"abc\"",
        "Bearer a=b", "Bearer ==", "Bearerabc", "Basic YTpi", "DPoP abc", "abc", "Bearer abc;", "Bearer \xC3\xA4"}) {
    EXPECT_EQ(extract({value}).state, BearerState::malformed) << value;
  }
}

TEST(Bearer, TwoAuthorizationFieldsAreMalformed) {
  EXPECT_EQ(extract({"Bearer abc", "Bearer abc"}).state, BearerState::malformed);
  EXPECT_EQ(extract({"Bearer abc", "Basic YTpi"}).state, BearerState::malformed);
}

TEST(Bearer, AFieldOver16KiBIsMalformed) {
  EXPECT_EQ(extract({"Bearer " + std::string(16 * 1024 - 7, 'a')}).state, BearerState::present);
  EXPECT_EQ(extract({"Bearer " + std::string(16 * 1024 - 6, 'a')}).state, BearerState::malformed);
}

}  // namespace
}  // namespace postern::authn
