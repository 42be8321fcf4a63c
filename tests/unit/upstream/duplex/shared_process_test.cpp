#include "upstream/duplex/shared_process.hpp"

#include <gtest/gtest.h>

namespace postern::upstream {
namespace {

using nlohmann::json;

json result_of(std::string_view version) {
  return {{"protocolVersion", version},
          {"capabilities", {{"tools", json::object()}, {"tasks", {{"list", json::object()}}}}},
          {"serverInfo", {{"name", "behind"}}}};
}

std::string answered(std::string_view of_server, std::string_view asked) {
  return initialize_result_for(result_of(of_server), asked)["protocolVersion"];
}

TEST(SharedProcess, TheGatewayIntroducesItselfAndPromisesNothing) {
  const auto message = own_initialize();
  EXPECT_EQ(message.method, "initialize");
  EXPECT_EQ(message.params["protocolVersion"], "2025-11-25") << "the newest revision with `initialize`";
  EXPECT_EQ(message.params["capabilities"], json::object());
  EXPECT_EQ(message.params["clientInfo"]["name"], "postern");
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
  const auto result = initialize_result_for(result_of("2025-11-25"), "2025-11-25");
  EXPECT_EQ(result["capabilities"], json({{"tools", json::object()}}));
  EXPECT_EQ(result["serverInfo"]["name"], "behind");
  for (const auto* method : {"tasks/get", "tasks/list", "tasks/cancel", "tasks/anything"}) {
    EXPECT_TRUE(is_task_method(method)) << method;
  }
  EXPECT_FALSE(is_task_method("tools/call"));
  const auto* capabilities = "io.modelcontextprotocol/clientCapabilities";
  json params = {{"name", "x"},
                 {"arguments", {{"task", "stays"}}},
                 {"task", {{"ttl", 1}}},
                 {"_meta", {{capabilities, {{"extensions", {{"io.modelcontextprotocol/tasks", json::object()}}}}}}}};
  take_out_tasks(params);
  EXPECT_FALSE(params.contains("task"));
  EXPECT_EQ(params["arguments"]["task"], "stays");
  EXPECT_EQ(params["_meta"][capabilities]["extensions"], json::object());
}

TEST(SharedProcess, WhatHasAnotherShapeIsLeftAlone) {
  for (json params : {json(), json("text"), json({{"_meta", 5}}), json::object()}) {
    const json before = params;
    take_out_tasks(params);
    EXPECT_EQ(params, before);
  }
  EXPECT_EQ(initialize_result_for("text", "2025-06-18"), "text");
}

}  // namespace
}  // namespace postern::upstream
