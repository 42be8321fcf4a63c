#include <future>

#include "unit/proxy/world.hpp"

namespace postern::proxy {
namespace {

class Authorize : public testing::Test {
 protected:
  MaybeRefusal run(McpExchange& x) {
    auto refused = world_.open(x);
    if (refused) return refused;
    return world_.phase([&] { return authorize(x); });
  }
  std::string verdict(std::string body, const std::vector<std::string>& scopes = {"use", "read"}) {
    const auto client = world_.caller(world_.token(scopes), std::move(body));
    auto x = world_.exchange(*client);
    refused_ = run(x);
    code_ = x.error_code;
    return refused_ ? std::to_string(refused_->status) + " " + refused_->error : "allowed";
  }

  World world_;
  MaybeRefusal refused_;
  int code_ = 0;
};

TEST_F(Authorize, AsThePolicyHasIt) {
  EXPECT_EQ(verdict(call_of("read_link")), "allowed");
  EXPECT_EQ(verdict(call_of("anything_else")), "allowed");
  EXPECT_EQ(verdict(call_of("drop_table")), "403 access_denied");
  EXPECT_TRUE(refused_->denial);
  EXPECT_FALSE(refused_->challenge) << "no other scope would help";
  EXPECT_EQ(verdict(kListTools), "allowed");
}

TEST_F(Authorize, AScopeThatIsMissingIsAskedFor) {
  EXPECT_EQ(verdict(call_of("write_link")), "403 insufficient_scope");
  EXPECT_TRUE(refused_->challenge);
  EXPECT_EQ(refused_->scopes, (std::vector<std::string>{"use", "read", "write"}));
}

TEST_F(Authorize, WithoutTheScopeToConnectNothingIsCalled) {
  EXPECT_EQ(verdict(call_of("anything_else"), {"read"}), "403 insufficient_scope");
}

// While the decision on a long call waits for its turn, the grant is revoked.
TEST_F(Authorize, AChangeWhileALongCallWaitsToBeDecidedOnIsSeen) {
  const std::string padding(96 * 1024, 'x');
  const auto client = world_.caller(world_.token(), call_of("read_link", "{\"x\":\"" + padding + "\"}"));
  auto x = world_.exchange(*client);
  const auto opened = world_.open(x);
  ASSERT_FALSE(opened) << opened->description;
  std::promise<void> begun;
  std::promise<void> go;
  ASSERT_TRUE(world_.services().pools.long_work.submit([&begun, held = go.get_future().share()] {
    begun.set_value();
    held.wait();
  }));
  begun.get_future().wait();
  const auto grant = world_.last_grant();
  boost::asio::post(world_.io(), [&] {
    boost::asio::post(world_.io(), [&] {
      EXPECT_EQ(world_.services().pools.long_work.queued(), 1u) << "the decision waits";
      must(world_.store->grants().revoke(grant, "test", world_.clock.now()));
      go.set_value();
    });
  });
  const auto refused = world_.phase([&] { return authorize(x); });
  ASSERT_TRUE(refused) << "the call went on with a token that was revoked";
  EXPECT_EQ(refused->status, 401);
}

}  // namespace
}  // namespace postern::proxy
