#include "proxy/rest/rest_listings.hpp"

#include <gtest/gtest.h>
#include <boost/asio/io_context.hpp>

#include "proxy/rest/rest_state.hpp"

namespace postern::proxy {
namespace {

class RestListingsTest : public testing::Test {
 protected:
  using Part = RestListings::Part;

  std::unique_ptr<Part> part(const std::string& key = "k") {
    return std::make_unique<Part>(listings_, key, std::make_shared<net::detail::Rendezvous>(io_.get_executor()));
  }

  boost::asio::io_context io_;
  RestListings listings_;
};

TEST_F(RestListingsTest, OneAsksForAllWhoNeedTheSame) {
  auto asking = part();
  const auto waiting = part();
  EXPECT_TRUE(asking->asks());
  EXPECT_FALSE(waiting->asks());
  EXPECT_TRUE(part("other")->asks());
  EXPECT_FALSE(waiting->outcome());
  const auto tools = std::make_shared<const RestTools>();
  asking->found({tools, std::nullopt});
  asking.reset();
  ASSERT_TRUE(waiting->outcome());
  EXPECT_EQ(waiting->outcome()->tools, tools);
  EXPECT_TRUE(part()->asks()) << "that listing is over";
}

TEST_F(RestListingsTest, WhatTheServerRefusesIsRefusedToAll) {
  auto asking = part();
  const auto waiting = part();
  authn::Refusal refused;
  refused.status = 502;
  asking->found({nullptr, refused});
  asking.reset();
  EXPECT_FALSE(waiting->outcome()->abandoned());
  EXPECT_EQ(waiting->outcome()->refused->status, 502);
}

TEST_F(RestListingsTest, WhenWhoAsksLeavesTheNextOneAsks) {
  auto asking = part();
  const auto waiting = part();
  part().reset();
  asking.reset();
  EXPECT_TRUE(waiting->outcome()->abandoned());
  EXPECT_TRUE(part()->asks());
}

}  // namespace
}  // namespace postern::proxy
