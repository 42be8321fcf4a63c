#include "mcp/task_ids.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::mcp {
namespace {

Message read(std::string_view body) {
  auto message = read_message(body);
  EXPECT_TRUE(message) << body;
  return message ? *message : Message();
}

struct Client {
  std::vector<std::string> shown;  // to `open`

  // Ids that begin with "sealed-" are known.
  std::optional<std::string> send(std::string_view body) {
    return with_client_task_ids(body, read(body), [this](std::string_view id) -> std::optional<std::string> {
      shown.emplace_back(id);
      if (!id.starts_with("sealed-")) return std::nullopt;
      return "raw-" + std::string(id.substr(7));
    });
  }
};

std::optional<std::string> sealed(std::string_view id) {
  if (!id.starts_with("raw-")) return std::nullopt;
  return "sealed-" + std::string(id.substr(4));
}
std::optional<std::string> made(std::string_view id) { return "made-" + std::string(id); }

const TaskRequest kCall{7, true};
const TaskRequest kAsked{7, false};
const TaskRequest kListening{};

TEST(TaskIds, Attack5OfAClientAreOpenedInTheTextAndNothingElseChanges) {
  Client client;
  EXPECT_EQ(client.send(R"({"jsonrpc":"2.0","id":1,"method":"ping"})").has_value(), false);
  EXPECT_EQ(client.send(R"({ "id":7,"params":{"n":1.50, "taskId":"sealed-1"},"jsonrpc":"2.0","method":"tasks/get"})"),
            R"({ "id":7,"params":{"n":1.50, "taskId":"raw-1"},"jsonrpc":"2.0","method":"tasks/get"})");
  EXPECT_EQ(
      client.send(R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"x","arguments":)"
                  R"({"taskId":"sealed-9"},"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"sealed-2"},)"
                  R"("io.modelcontextprotocol/relatedTaskIds":["sealed-3","sealed-4"]}}})"),
      R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"x","arguments":)"
      R"({"taskId":"sealed-9"},"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"raw-2"},)"
      R"("io.modelcontextprotocol/relatedTaskIds":["raw-3","raw-4"]}}})")
      << "arguments belong to the tool";
  EXPECT_EQ(
      client.send(R"({"jsonrpc":"2.0","id":7,"method":"subscriptions/listen",)"
                  R"("params":{"notifications":{"taskIds":["sealed-5"]}}})"),
      R"({"jsonrpc":"2.0","id":7,"method":"subscriptions/listen","params":{"notifications":{"taskIds":["raw-5"]}}})");
  EXPECT_EQ(client.send(R"({"jsonrpc":"2.0","id":3,"result":{"_meta":{"io.modelcontextprotocol/related-task":)"
                        R"({"taskId":"sealed-6"}},"task":{"taskId":"sealed-own"}}})"),
            R"({"jsonrpc":"2.0","id":3,"result":{"_meta":{"io.modelcontextprotocol/related-task":)"
            R"({"taskId":"raw-6"}},"task":{"taskId":"sealed-own"}}})")
      << "a task that the client holds has an id of its own";
}

TEST(TaskIds, Attack5TheOneThatTheMethodNamesIsShownFirst) {
  Client client;
  client.send(
      R"({"jsonrpc":"2.0","id":7,"method":"tasks/result","params":{"_meta":{"io.modelcontextprotocol/related-task")"
      R"(:{"taskId":"sealed-2"}},"taskId":"sealed-1"}})");
  EXPECT_EQ(client.shown, (std::vector<std::string>{"sealed-1", "sealed-2"}));
}

TEST(TaskIds, Attack5WhatAClientPutsInPlaceOfAnIdIsShownHoweverItIsWritten) {
  for (const auto* meta :
       {R"("io.modelcontextprotocol/related-task":{"taskId":5})", R"("io.modelcontextprotocol/related-task":"5")",
        R"("io.modelcontextprotocol/related-task":[5])", R"("io.modelcontextprotocol/relatedTaskIds":[5])",
        R"("io.modelcontextprotocol/relatedTaskIds":"5")", R"("IO.modelcontextprotocol/related-task":{"taskId":"5"})",
        R"("io.modelcontextprotocol/related-task":{"TaskId":"5"})",
        R"("io.modelcontextprotocol/related-t\u0061sk":{"t\u0061skId":"5"})"}) {
    Client client;
    EXPECT_EQ(client.send(R"({"jsonrpc":"2.0","id":7,"method":"ping","params":{"_meta":{)" + std::string(meta) + "}}}"),
              std::nullopt)
        << meta;
    EXPECT_EQ(client.shown.size(), 1u) << meta;
  }
}

TEST(TaskIds, Attack5OfANewTaskIsSealedInTheAnswerThatMakesIt) {
  EXPECT_EQ(with_server_task_ids(R"({"jsonrpc":"2.0","id":7,"result":{"task":{"taskId":"1","ttl":6e4,"n":1.0}}})",
                                 kCall, sealed, made),
            R"({"jsonrpc":"2.0","id":7,"result":{"task":{"taskId":"made-1","ttl":6e4,"n":1.0}}})");
  EXPECT_EQ(with_server_task_ids(R"({"id":7,"result":{"resultType":"task","taskId":"1"}})", kCall, sealed, made),
            R"({"id":7,"result":{"resultType":"task","taskId":"made-1"}})");
  for (const auto* answer :
       {R"({"id":8,"result":{"task":{"taskId":"1"}}})", R"({"id":7,"result":{"resultType":"complete","taskId":"1"}})",
        R"({"id":7,"result":{"structuredContent":{"task":{"taskId":"1"}}}})",
        R"({"id":7,"error":{"code":1,"message":"task","data":{"taskId":"1"}}})"}) {
    EXPECT_EQ(with_server_task_ids(answer, kCall, sealed, made), std::nullopt) << answer;
  }
  EXPECT_EQ(with_server_task_ids(R"({"id":7,"result":{"task":{"taskId":"1"}}})", kAsked, sealed, made), std::nullopt)
      << "nobody asked for a task";
}

TEST(TaskIds, Attack5OfKnownTasksAreSealedWhereverTheyOccur) {
  EXPECT_EQ(with_server_task_ids(R"({"id":7,"result":{"taskId":"raw-1","status":"working"}})", kAsked, sealed, made),
            R"({"id":7,"result":{"taskId":"sealed-1","status":"working"}})");
  EXPECT_EQ(
      with_server_task_ids(
          R"({"id":7,"result":{"content":[],"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"raw-1"}}}})",
          kAsked, sealed, made),
      R"({"id":7,"result":{"content":[],"_meta":{"io.modelcontextprotocol/related-task":{"taskId":"sealed-1"}}}})");
  EXPECT_EQ(with_server_task_ids(
                R"({"method":"notifications/tasks/status","params":{"taskId":"raw-1","status":"completed"}})",
                kListening, sealed, made),
            R"({"method":"notifications/tasks/status","params":{"taskId":"sealed-1","status":"completed"}})");
  EXPECT_EQ(with_server_task_ids(R"({"id":1,"method":"elicitation/create","params":{"_meta":)"
                                 R"({"io.modelcontextprotocol/related-task":{"taskId":"raw-1"}}}})",
                                 kListening, sealed, made),
            R"({"id":1,"method":"elicitation/create","params":{"_meta":)"
            R"({"io.modelcontextprotocol/related-task":{"taskId":"sealed-1"}}}})");
}

TEST(TaskIds, Attack5OfUnknownTasksReachNobody) {
  for (const auto* method : {"notifications/tasks/status", "notifications/tasks"}) {
    const auto text = R"({"method":")" + std::string(method) + R"(","params":{"taskId":"other","status":"working"}})";
    EXPECT_EQ(with_server_task_ids(text, kListening, sealed, made), "") << method;
  }
  EXPECT_EQ(with_server_task_ids(R"({"method":"notifications/progress","params":{"progress":1.50,"_meta":)"
                                 R"({"io.modelcontextprotocol/related-task":{"taskId":"other"}}}})",
                                 kListening, sealed, made),
            R"({"method":"notifications/progress","params":{"progress":1.50,"_meta":{}}})");
  EXPECT_EQ(
      with_server_task_ids(R"({"method":"notifications/subscriptions/acknowledged",)"
                           R"("params":{"notifications":{"taskIds":["raw-1","other"]}}})",
                           kAsked, sealed, made),
      R"({"method":"notifications/subscriptions/acknowledged","params":{"notifications":{"taskIds":["sealed-1"]}}})");
}

TEST(TaskIds, Attack12RepeatedIdsMakeNoTextLong) {
  std::string repeated = R"("taskId":"raw-1","TASKID":"raw-1")";
  std::string listed = R"("raw-1")";
  for (int i = 0; i < 1000; ++i) {
    repeated += R"(,"taskId":"raw-1")";
    listed += R"(,"raw-1")";
  }
  EXPECT_EQ(with_server_task_ids(R"({"id":7,"result":{)" + repeated + R"(,"status":"working"}})", kAsked, sealed, made),
            R"({"id":7,"result":{"status":"working"}})");
  EXPECT_EQ(
      with_server_task_ids(R"({"method":"notifications/tasks","params":{)" + repeated + R"(,"status":"working"}})",
                           kListening, sealed, made),
      "")
      << "whose status it is cannot be told";
  EXPECT_EQ(
      with_server_task_ids(R"({"method":"notifications/subscriptions/acknowledged",)"
                           R"("params":{"notifications":{"taskIds":[)" +
                               listed + "]}}}",
                           kAsked, sealed, made),
      R"({"method":"notifications/subscriptions/acknowledged","params":{"notifications":{"taskIds":["sealed-1"]}}})");
}

TEST(TaskIds, AQuestionAboutATaskThatTheClientHoldsPasses) {
  for (const auto* text : {R"({"id":1,"method":"tasks/get","params":{"taskId":"raw-1"}})",
                           R"({"id":1,"method":"sampling/createMessage","params":{"task":{"ttl":1}}})",
                           R"({"id":1,"method":"tasks/get","params":)", "", "[]"}) {
    EXPECT_EQ(with_server_task_ids(text, kListening, sealed, made), std::nullopt) << text;
  }
}

TEST(TaskIds, ACallSaysWhetherItMayBecomeATask) {
  EXPECT_TRUE(asks_for_task(read(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","task":{}}})")));
  EXPECT_TRUE(asks_for_task(
      read(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","_meta":)"
           R"({"io.modelcontextprotocol/clientCapabilities":{"extensions":{"io.modelcontextprotocol/tasks":{}}}}}})")));
  EXPECT_FALSE(asks_for_task(read(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"task"}})")));
  EXPECT_FALSE(
      asks_for_task(read(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","task":null,"_meta":)"
                         R"({"io.modelcontextprotocol/clientCapabilities":{"extensions":7}}}})")));
}

}  // namespace
}  // namespace postern::mcp
