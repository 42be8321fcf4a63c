#include <gtest/gtest.h>

#include <string>

#include "proxy/answer/relay.hpp"
#include "proxy/answer/session_errors.hpp"

namespace postern::proxy {
namespace {

std::string error(const std::string& id, const std::string& message, int code = -32000) {
  return R"({"jsonrpc":"2.0",)" + (id.empty() ? "" : "\"id\":" + id + ",") + R"("error":{"code":)" +
         std::to_string(code) + R"(,"message":")" + message + R"("}})";
}

bool about_session(const std::string& answer, const nlohmann::json& own_id) {
  return is_about_session(answer, own_id.is_null() ? nullptr : &own_id);
}

TEST(SessionErrors, AnErrorOfTheTransportThatNamesTheSessionIsAboutIt) {
  for (const int code : {-32000, -32001, -32600}) {
    EXPECT_TRUE(about_session(error("null", "Bad Request: No valid session ID provided", code), 7)) << code;
  }
  EXPECT_TRUE(about_session(error("", "Session not found"), 7));
  EXPECT_TRUE(about_session(error("null", "Session not found"), nullptr)) << "to a GET, which has no id";
}

// Python's SDK, mcp/server/streamable_http.py: errors of the transport have the id "server-error".
TEST(SessionErrors, AnIdOfItsOwnMakesItNoAnswer) {
  EXPECT_TRUE(about_session(error("\"server-error\"", "Bad Request: Missing session ID"), 7));
  EXPECT_TRUE(about_session(error("8", "Session not found"), 7));
  EXPECT_TRUE(about_session(error("\"7\"", "Session not found"), 7));
}

TEST(SessionErrors, Compat8AnErrorWithTheIdOfTheRequestIsItsAnswer) {
  for (const auto* const id : {"7", "\"7\"", "\"a-1\"", "-3", "9007199254740993"}) {
    const auto own = nlohmann::json::parse(id);
    for (const auto* const words : {"Session not found", "the session of this cart has expired", "SESSION"}) {
      EXPECT_FALSE(about_session(error(id, words), own)) << id << ' ' << words;
      EXPECT_FALSE(about_session(error(id, words, -32600), own)) << id << ' ' << words;
    }
  }
}

TEST(SessionErrors, AnythingElseIsNotAboutTheSession) {
  EXPECT_FALSE(about_session(error("null", "no such tool"), 7));
  EXPECT_FALSE(about_session(error("null", "Session not found", -32602), 7));
  EXPECT_FALSE(about_session(R"({"jsonrpc":"2.0","id":null,"result":{"message":"session"}})", 7));
  EXPECT_FALSE(about_session("Session not found", 7));
  EXPECT_FALSE(about_session("[]", 7));
}

}  // namespace
}  // namespace postern::proxy
