#include "upstream/duplex/progress_token.hpp"

#include <gtest/gtest.h>

namespace postern::upstream {
namespace {

nlohmann::json with_token(nlohmann::json token) { return {{"_meta", {{"progressToken", std::move(token)}}}}; }

TEST(ProgressToken, IsTextOrAnInteger) {
  for (const auto& token : {nlohmann::json("t"), nlohmann::json(""), nlohmann::json(-1), nlohmann::json(7U)}) {
    EXPECT_FALSE(fault_of_progress_token(with_token(token))) << token;
  }
  for (const auto& token :
       {nlohmann::json(1.5), nlohmann::json(true), nlohmann::json::array({1}), nlohmann::json({{"a", 1}})}) {
    EXPECT_TRUE(fault_of_progress_token(with_token(token))) << token;
  }
}

TEST(ProgressToken, IsShort) {
  EXPECT_FALSE(fault_of_progress_token(with_token(std::string(256, 'x'))));
  EXPECT_TRUE(fault_of_progress_token(with_token(std::string(257, 'x'))));
}

TEST(ProgressToken, MayBeMissing) {
  const auto none = nlohmann::json::object();
  for (const nlohmann::json& params : {nlohmann::json(), none, nlohmann::json{{"_meta", none}}, with_token(nullptr)}) {
    EXPECT_FALSE(fault_of_progress_token(params)) << params;
  }
}

}  // namespace
}  // namespace postern::upstream
