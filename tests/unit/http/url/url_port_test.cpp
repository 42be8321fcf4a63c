#include "http/url/url_port.hpp"

#include <gtest/gtest.h>

namespace postern::http {
namespace {

TEST(UrlPort, IsTheOneThatIsWrittenOrThatOfTheScheme) {
  EXPECT_EQ(port_of(parse_url("http://ai.example.test/mcp").value()), 80);
  EXPECT_EQ(port_of(parse_url("https://ai.example.test/mcp").value()), 443);
  EXPECT_EQ(port_of(parse_url("https://ai.example.test:443/mcp").value()), 443);
  EXPECT_EQ(port_of(parse_url("http://[::1]:65535").value()), 65535);
}

}  // namespace
}  // namespace postern::http
