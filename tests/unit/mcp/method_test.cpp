#include "mcp/method.hpp"

#include <string>

#include <gtest/gtest.h>

namespace postern::mcp {
namespace {

TEST(Methods, EveryRowIsFoundByItsName) {
  for (const auto& method : all_methods()) EXPECT_EQ(&find_method(method.name), &method) << method.name;
}

TEST(Methods, StrangersAndLookalikesAreUnknown) {
  for (const auto* name :
       {"", "tools", "tools/", "tools/calls", "Tools/call", "tools/call ", "zzz", "!", "rpc.discover"}) {
    EXPECT_EQ(find_method(name).subject, Subject::unknown) << name;
    EXPECT_TRUE(find_method(name).name.empty()) << name;
  }
}

TEST(Methods, WhatOnlyServersSendIsUnknown) {
  for (const auto* name : {"sampling/createMessage", "elicitation/create", "roots/list", "notifications/message",
                           "notifications/tools/list_changed", "notifications/resources/updated",
                           "notifications/elicitation/complete", "notifications/tasks"}) {
    EXPECT_EQ(find_method(name).name, name);
    EXPECT_EQ(find_method(name).subject, Subject::unknown) << name;
  }
}

TEST(Methods, SubjectsAndWhatNamesThem) {
  const auto& call = find_method("tools/call");
  EXPECT_EQ(call.subject, Subject::tool);
  EXPECT_EQ(call.named_by, "name");
  EXPECT_EQ(find_method("prompts/get").subject, Subject::prompt);
  EXPECT_EQ(find_method("completion/complete").subject, Subject::completion);
  EXPECT_EQ(find_method("subscriptions/listen").subject, Subject::listen);
  EXPECT_EQ(find_method("tasks/update").subject, Subject::task);
  EXPECT_EQ(find_method("tasks/update").named_by, "taskId");
  for (const auto* name : {"resources/read", "resources/subscribe", "resources/unsubscribe"}) {
    EXPECT_EQ(find_method(name).subject, Subject::resource) << name;
    EXPECT_EQ(find_method(name).named_by, "uri") << name;
  }
  for (const auto* name : {"initialize", "ping", "server/discover", "logging/setLevel", "notifications/initialized"}) {
    EXPECT_EQ(find_method(name).subject, Subject::connect) << name;
  }
}

TEST(Methods, ListsAreFilteredByKind) {
  EXPECT_EQ(find_method("tools/list").list, ListKind::tools);
  EXPECT_EQ(find_method("prompts/list").list, ListKind::prompts);
  EXPECT_EQ(find_method("resources/list").list, ListKind::resources);
  EXPECT_EQ(find_method("resources/templates/list").list, ListKind::resource_templates);
  EXPECT_EQ(find_method("tasks/list").list, ListKind::none);
}

TEST(Methods, Eras) {
  for (const auto* name :
       {"initialize", "ping", "logging/setLevel", "resources/subscribe", "tasks/list", "tasks/result"}) {
    EXPECT_TRUE(find_method(name).legacy && !find_method(name).modern) << name;
  }
  for (const auto* name : {"server/discover", "subscriptions/listen", "tasks/update"}) {
    EXPECT_TRUE(find_method(name).modern && !find_method(name).legacy) << name;
  }
  EXPECT_TRUE(find_method("tools/call").modern && find_method("tools/call").legacy);
}

TEST(Methods, NotificationsAreThoseNamedSo) {
  for (const auto& method : all_methods()) {
    EXPECT_EQ(method.notification, method.name.starts_with("notifications/")) << method.name;
  }
}

}  // namespace
}  // namespace postern::mcp
