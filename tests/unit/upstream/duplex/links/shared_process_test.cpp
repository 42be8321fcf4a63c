#include "upstream/duplex/links/shared_process.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace postern::upstream {
namespace {

using nlohmann::json;

std::string result_of(const std::string& version) {
  return R"({"protocolVersion":")" + version +
         R"(","capabilities":{"tools":{"n":1.10},"tasks":{"list":{}}},"serverInfo":{"name":"behind"}})";
}

std::string answered(const std::string& of_server, std::string_view asked) {
  return json::parse(initialize_result_for(result_of(of_server), asked))["protocolVersion"];
}

TEST(SharedProcess, TheGatewayIntroducesItselfAndPromisesNothing) {
  const auto message = mcp::read_message(own_initialize(5));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->id, 5);
  EXPECT_EQ(message->method, "initialize");
  EXPECT_EQ(message->params["protocolVersion"], "2025-11-25") << "the newest revision with `initialize`";
  EXPECT_EQ(message->params["capabilities"], json::object());
  EXPECT_EQ(message->params["clientInfo"]["name"], "postern");
}

TEST(SharedProcess, AClientGetsTheNewestRevisionThatItAndTheServerKnow) {
  EXPECT_EQ(answered("2025-11-25", "2024-11-05"), "2024-11-05");
  EXPECT_EQ(answered("2025-11-25", "2025-11-25"), "2025-11-25");
  EXPECT_EQ(answered("2025-03-26", "2025-11-25"), "2025-03-26") << "the server's, where it is older";
  EXPECT_EQ(answered("2025-06-18", ""), "2025-06-18") << "the server's, where the client's is unknown";
  EXPECT_EQ(answered("of-their-own", "2024-11-05"), "of-their-own");
}

TEST(SharedProcess, OnlyRevisionsWithInitializeCanBeAskedFor) {
  const auto asked = [](const json& params) {
    mcp::Message message;
    message.params = params;
    return asked_version(message);
  };
  EXPECT_EQ(asked({{"protocolVersion", "2025-06-18"}}), "2025-06-18");
  for (const json& other : {json("2026-07-28"), json("9999-01-01"), json(""), json(5), json()}) {
    EXPECT_EQ(asked({{"protocolVersion", other}}), "") << other;
  }
  EXPECT_EQ(asked(json()), "");
}

TEST(SharedProcess, ThereAreNoTasks) {
  EXPECT_EQ(initialize_result_for(result_of("2025-11-25"), "2025-11-25"),
            R"({"protocolVersion":"2025-11-25","capabilities":{"tools":{"n":1.10}},"serverInfo":{"name":"behind"}})");
  for (const auto* method : {"tasks/get", "tasks/list", "tasks/cancel", "tasks/anything"}) {
    EXPECT_TRUE(is_task_method(method)) << method;
  }
  EXPECT_FALSE(is_task_method("tools/call"));
  const auto request = [](const std::string& wish, const std::string& extension) {
    return R"({"id":1.10,"params":{"name":"x","arguments":{"task":"stays"})" + wish +
           R"(,"_meta":{"io.modelcontextprotocol/clientCapabilities":{"extensions":{)" + extension + "}}}}}";
  };
  EXPECT_EQ(without_tasks(request(R"(,"task":{"ttl":1})", R"("io.modelcontextprotocol/tasks":{})")), request("", ""));
}

TEST(SharedProcess, WhatHasAnotherShapeIsLeftAlone) {
  for (const auto* params : {"null", "\"text\"", R"({"_meta":5})", "{}"}) {
    const auto request = R"({"params":)" + std::string(params) + "}";
    EXPECT_EQ(without_tasks(request), request);
  }
  EXPECT_EQ(initialize_result_for("\"text\"", "2025-06-18"), "\"text\"");
  const std::string twice = R"({"protocolVersion":"2025-11-25","ProtocolVersion":"2025-06-18"})";
  EXPECT_EQ(initialize_result_for(twice, "2024-11-05"), twice) << "which of the two counts is not known";
}

}  // namespace
}  // namespace postern::upstream
