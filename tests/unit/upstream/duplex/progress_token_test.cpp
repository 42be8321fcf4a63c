#include "upstream/duplex/progress_token.hpp"

#include <gtest/gtest.h>

namespace postern::upstream {
namespace {

std::string with_params(const std::string& params) {
  return R"({"jsonrpc":"2.0","id":1,"method":"ping","params":)" + params + "}";
}
std::string with_token(const std::string& token) { return with_params(R"({"_meta":{"progressToken":)" + token + "}}"); }
std::string text_of(std::size_t size) { return '"' + std::string(size, 'x') + '"'; }

TEST(ProgressToken, IsTextOrAnInteger) {
  for (const auto* token : {R"("t")", R"("")", "-1", "7", "123456789012345678901"}) {
    EXPECT_FALSE(fault_of_progress_token(with_token(token))) << token;
  }
  for (const auto* token : {"1.5", "1e3", "true", "[1]", R"({"a":1})"}) {
    EXPECT_TRUE(fault_of_progress_token(with_token(token))) << token;
  }
}

TEST(ProgressToken, IsShort) {
  EXPECT_FALSE(fault_of_progress_token(with_token(text_of(256))));
  EXPECT_TRUE(fault_of_progress_token(with_token(text_of(257))));
  EXPECT_TRUE(fault_of_progress_token(with_token(std::string(257, '1'))));
}

TEST(ProgressToken, MayBeMissing) {
  for (const auto* params : {"{}", R"({"_meta":{}})", R"({"_meta":null})", R"({"_meta":{"progressToken":null}})"}) {
    EXPECT_FALSE(fault_of_progress_token(with_params(params))) << params;
  }
  EXPECT_FALSE(fault_of_progress_token(R"({"jsonrpc":"2.0","id":1,"result":[]})"));
}

TEST(ProgressToken, IsTheOnlyOneThatALaxParserFinds) {
  EXPECT_TRUE(fault_of_progress_token(with_params(R"({"_meta":{"progressToken":1,"ProgressToken":2}})")));
  EXPECT_TRUE(fault_of_progress_token(with_params(R"({"_meta":{"progresstoken":2}})")));
}

}  // namespace
}  // namespace postern::upstream
