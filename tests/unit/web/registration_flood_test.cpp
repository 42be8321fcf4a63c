#include "base/network.hpp"
#include "unit/web/fixture.hpp"

namespace postern::web {
namespace {

// Registrations of strangers while somebody is about to connect an app.
class RegistrationFloodTest : public WebTest {
 protected:
  void register_from(const std::string& address, const std::string& id) {
    store::Client client;
    client.id = id;
    client.name = id;
    client.redirect_uris = {kRedirect};
    client.grant_types = {"authorization_code", "refresh_token"};
    client.application_type = "web";
    client.dynamic = true;
    client.created_at = clock_.now();
    ASSERT_TRUE(store_->clients().register_client({client, networks_of(address), 16}));
  }
  void flood() {
    clock_.advance(1s);
    for (int i = 0; i < 40; ++i) register_from("2001:db8::" + std::to_string(i), "flood" + std::to_string(++flooded_));
  }
  bool is_there(const std::string& id) { return store_->clients().find(id)->has_value(); }
  static Pairs asked_by(const std::string& client) {
    auto pairs = asked();
    pairs[1].second = client;
    return pairs;
  }

 private:
  int flooded_ = 0;
};

TEST_F(RegistrationFloodTest, Attack7AnAppThatIsBeingConnectedStaysUntilTheUserHasDecided) {
  register_from("2001:db8::1", "honest");
  register_from("2001:db8::1", "idle");
  Browser browser;
  ASSERT_EQ(open(browser, asked_by("honest")).status, 303);
  flood();
  EXPECT_FALSE(is_there("idle"));
  ASSERT_TRUE(is_there("honest"));

  sign_in(browser, "ada", "secret of ada");
  const auto page = open(browser, asked_by("honest"));
  ASSERT_EQ(page.status, 200);
  flood();
  const auto approved =
      answer(browser, {{"flow", input(page.body, "flow")}, {"decision", "approve"}, {"tenant", "acme"}});
  ASSERT_EQ(approved.status, 303);
  EXPECT_NE(parameter(header(approved, "Location"), "code"), "");
  flood();
  EXPECT_TRUE(is_there("honest")) << "one that was approved takes no place";
}

TEST_F(RegistrationFloodTest, Attack7ALinkThatIsAtFaultKeepsNothing) {
  register_from("2001:db8::1", "theirs");
  auto faulty = asked_by("theirs");
  faulty[0].second = "bogus";
  Browser browser;
  ASSERT_EQ(open(browser, faulty).status, 400);
  flood();
  EXPECT_FALSE(is_there("theirs"));
}

}  // namespace
}  // namespace postern::web
