#include "proxy/tools/tool_lister.hpp"

#include "proxy/callers.hpp"
#include "unit/proxy/world.hpp"

namespace postern::proxy {
namespace {

using nlohmann::json;

class ToolListerTest : public testing::Test {
 protected:
  ToolListerTest() {
    const auto client = world_.caller(world_.token({"use", "read"}), kListTools);
    auto x = world_.exchange(*client);
    world_.bring_to_forward(x);
    subject_.generation = world_.generation;
    subject_.resource = world_.generation->catalog().resources()[0];
    subject_.principal = x.principal;
    subject_.caller = policy_caller(*x.principal);
  }
  void will_open() {
    Answer opened = json_answer(
        R"({"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-06-18","capabilities":{},"serverInfo":{"name":"x","version":"1"}}})");
    opened.headers.emplace_back("Mcp-Session-Id", "s-1");
    world_.behind().answers.push_back(std::move(opened));
    world_.behind().answers.push_back(json_answer("", 202));
  }
  void will_list(const std::string& tools, int id = 2, const std::string& cursor = "") {
    world_.behind().answers.push_back(json_answer(R"({"jsonrpc":"2.0","id":)" + std::to_string(id) +
                                                  R"(,"result":{"tools":[)" + tools + "]" +
                                                  (cursor.empty() ? "" : R"(,"nextCursor":")" + cursor + "\"") + "}}"));
  }
  void will_end() { world_.behind().answers.push_back(json_answer("")); }
  Result<std::int64_t> count(std::chrono::milliseconds within = 20s) {
    std::optional<Result<std::int64_t>> out;
    ToolLister lister(*world_.worker, subject_, std::chrono::steady_clock::now() + within);
    lister_ = &lister;
    const auto task = [&]() -> net::awaitable<void> {
      auto counted = co_await lister.count();
      out = std::move(counted);
    };
    world_.run(task());
    lister_ = nullptr;
    return *out;
  }
  static std::string tool(const std::string& name) {
    return R"({"name":")" + name + R"(","inputSchema":{"type":"object"}})";
  }

  World world_;
  ListedFor subject_;
  ToolLister* lister_ = nullptr;
};

TEST_F(ToolListerTest, CountsWhatTheUserMaySeeOverAllPages) {
  will_open();
  will_list(tool("read_link") + "," + tool("drop_table"), 2, "next");
  will_list(tool("write_link"), 3);
  will_end();
  const auto counted = count();
  ASSERT_TRUE(counted) << counted.error().what;
  EXPECT_EQ(*counted, 2);
  EXPECT_EQ(world_.behind().requests.at(2).headers.get("Mcp-Session-Id"), "s-1");
  EXPECT_EQ(world_.behind().requests.back().method, "DELETE") << "the session is ended";
}

TEST_F(ToolListerTest, SaysWhatKeptTheToolsFromBeingListed) {
  world_.behind().answers.push_back({.instead = fail(Errc::unavailable, "refused")});
  EXPECT_EQ(count().error().code, Errc::unavailable);
  will_open();
  world_.behind().answers.push_back(json_answer("no JSON"));
  will_end();
  EXPECT_FALSE(count());
}

TEST_F(ToolListerTest, AServerThatDoesNotAnswerIsGivenUp) {
  EXPECT_FALSE(count(10ms)) << "no answer at all";
  will_open();
  EXPECT_FALSE(count(10ms)) << "no list";
}

TEST_F(ToolListerTest, EndsFromOutside) {
  boost::asio::post(world_.io(), [&] { boost::asio::post(world_.io(), [&] { lister_->end(); }); });
  EXPECT_EQ(count().error().code, Errc::cancelled);
  EXPECT_EQ(world_.behind().ended, 1);
}

}  // namespace
}  // namespace postern::proxy
