#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "telemetry/log.hpp"

namespace postern::telemetry {
namespace {

std::string line(std::initializer_list<Field> fields) {
  return format_line(1'700'000'000'123, "info", "test", std::span<const Field>(fields.begin(), fields.size()));
}

TEST(FormatLine, IsOneJsonObjectWithTimeLevelEventAndFields) {
  const auto json = nlohmann::json::parse(line({{"status", 200}, {"tenant", "acme"}, {"shadow", true}, {"ms", 1.5}}));
  EXPECT_EQ(json["time"], "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(json["level"], "info");
  EXPECT_EQ(json["event"], "test");
  EXPECT_EQ(json["status"], 200);
  EXPECT_EQ(json["tenant"], "acme");
  EXPECT_EQ(json["shadow"], true);
  EXPECT_EQ(json["ms"], 1.5);
}

TEST(FormatLine, LineEndsAndTerminalEscapesCannotForgeALine) {
  const auto text = line({{"client", "a\r\n{\"level\":\"audit\"}\x1b[31m\x7f\xc2\x9b"}});
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_EQ(text.find('\r'), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos);
  EXPECT_TRUE(nlohmann::json::accept(text));
}

TEST(FormatLine, InvalidUtf8StaysValidJson) { EXPECT_TRUE(nlohmann::json::accept(line({{"v", "a\xff\xfe"}}))); }

TEST(FormatLine, CredentialsAreReplaced) {
  const std::string opaque = "mcpv1_" + std::string(43, 'x');
  for (const auto& value : {"Bearer abcdefghijklmnopqrstuvwxyz", "got bearer abcdefghijklmnop!", opaque.c_str(),
                            "Basic dXNlcjpwYXNzd29yZDEyMzQ1Njc4", "eyJhbGciOiJFUzI1NiJ9.abcdefghijklmnop.xxxx"}) {
    const auto text = line({{"why", value}});
    EXPECT_NE(text.find("[redacted]"), std::string::npos) << value;
    EXPECT_EQ(text.find("abcdefghijklmnop"), std::string::npos) << text;
    EXPECT_EQ(text.find(std::string(43, 'x')), std::string::npos) << text;
    EXPECT_EQ(text.find("dXNlcj"), std::string::npos) << text;
  }
}

TEST(FormatLine, FieldsNamedForSecretsNeverShowTheirValue) {
  for (const auto* key : {"password", "token", "code", "authorization", "cookie", "client_secret"}) {
    EXPECT_EQ(line({{key, "hunter2"}}).find("hunter2"), std::string::npos) << key;
  }
}

TEST(FormatLine, LongValuesAreCut) { EXPECT_LT(line({{"v", std::string(100'000, 'a')}}).size(), 1300U); }

}  // namespace
}  // namespace postern::telemetry
