#include "proxy/session/task_id.hpp"

#include <gtest/gtest.h>

#include "proxy/session/session_id.hpp"
#include "unit/proxy/session/sealed_support.hpp"

namespace postern::proxy {
namespace {

Task alices() {
  return {.id = "786512e2",
          .tool = "report",
          .upstream = "tools",
          .resource = "https://ai.example.test/mcp",
          .tenant = "acme",
          .user = "local:alice",
          .client = "client_a"};
}

TEST(TaskId, OpensWhatItSealed) {
  const auto opened = open_task(seal_task(alices(), our_key()), our_key());
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->id, "786512e2");
  EXPECT_EQ(opened->tool, "report");
  EXPECT_TRUE(is_task_of(*opened, alice(), "tools"));
}

TEST(TaskId, Attack5OneThatWasChangedOrMadeUpDoesNotOpen) {
  const auto sealed = seal_task(alices(), our_key());
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(open_task(changed, our_key())) << i;
    EXPECT_FALSE(open_task(sealed.substr(0, i), our_key())) << i;
  }
  for (const auto& made_up : {std::string(), std::string("786512e2"), sealed + "A", std::string(1'000'000, 'A')})
    EXPECT_FALSE(open_task(made_up, our_key()));
  EXPECT_FALSE(open_task(sealed, crypto::Aead(std::string(31, 'k') + "l")));
}

TEST(TaskId, Attack5TheIdOfASessionIsNotTheIdOfATask) {
  const Session session{.id = "786512e2",
                        .address = "report",
                        .upstream = "tools",
                        .resource = "https://ai.example.test/mcp",
                        .tenant = "acme",
                        .user = "local:alice",
                        .client = "client_a"};
  EXPECT_FALSE(open_task(seal_session(session, our_key()), our_key()));
  EXPECT_FALSE(open_session(seal_task(alices(), our_key()), our_key()));
}

TEST(TaskId, Attack5HoldsForWhoBeganTheTaskAlone) {
  auto later = alice();
  later.grant = "after a step-up";
  EXPECT_TRUE(is_task_of(alices(), later, "tools"));
  EXPECT_FALSE(is_task_of(alices(), alice(), "other"));
  for (auto member :
       {&token::Principal::user, &token::Principal::tenant, &token::Principal::client, &token::Principal::resource}) {
    auto other = alice();
    other.*member += "x";
    EXPECT_FALSE(is_task_of(alices(), other, "tools"));
  }
}

}  // namespace
}  // namespace postern::proxy
