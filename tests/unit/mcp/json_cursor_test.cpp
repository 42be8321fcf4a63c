#include "mcp/json_cursor.hpp"

#include <gtest/gtest.h>

namespace postern::mcp {
namespace {

TEST(JsonCursor, AMembersTextIsItsBytes) {
  for (const auto* value : {"1", "-0", "1e5", "true", "null", "\"}\"", "\"\\\"\"", "\"\\\\\"", "[]", "{}",
                            "[1, {\"a\" : \"]\"}]", "{\"key\":{\"key\":2}}", "12345678901234567890123"}) {
    const std::string text = value;
    EXPECT_EQ(member_text("{\"key\":" + text + "}", "key"), text);
    EXPECT_EQ(member_text(" \n{ \"a\" : [\"key\",{\"key\":0}] ,\t\"key\" : " + text + "\r\n, \"z\":1}", "key"), text);
  }
}

TEST(JsonCursor, AKeyMayBeWrittenWithEscapes) { EXPECT_EQ(member_text(R"({"b":1,"k\u0065y":2})", "key"), "2"); }

}  // namespace
}  // namespace postern::mcp
