#include "edge/error_body.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace postern::edge {
namespace {

TEST(ErrorBody, HasTheThreeMembersOfEveryRefusal) {
  const auto response = error_response(404, "not_found", "there is nothing at this address", "r-1");
  EXPECT_EQ(response.status, 404);
  const nlohmann::json expected{
      {"error", "not_found"}, {"error_description", "there is nothing at this address"}, {"request_id", "r-1"}};
  EXPECT_EQ(nlohmann::json::parse(response.body), expected);
}

TEST(ErrorBody, IsJsonThatNobodyKeeps) {
  const auto response = error_response(503, "draining", "", "r-1");
  EXPECT_EQ(response.headers.get("Content-Type"), "application/json");
  EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
}

TEST(ErrorBody, TextCannotLeaveItsMember) {
  const std::string evil = "\",\"error\":\"none\"}\r\n\xff<script>";
  const auto response = error_response(400, "invalid_request", evil, evil);
  const auto body = nlohmann::json::parse(response.body);
  EXPECT_EQ(body.size(), 3u);
  EXPECT_EQ(body["error"], "invalid_request");
  EXPECT_EQ(response.body.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace postern::edge
