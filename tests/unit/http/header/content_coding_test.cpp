#include "http/header/content_coding.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace postern::http {
namespace {

bool plain(const std::vector<std::string>& values) {
  FieldBlock fields;
  fields.push({"Content-Type", "gzip"});
  for (const auto& value : values) fields.push({"content-ENCODING", value});
  return is_identity_coded(fields);
}

TEST(ContentCoding, Compat14EmptyAndIdentityAreNoCoding) {
  EXPECT_TRUE(plain({}));
  for (const char* value : {"", "identity", "Identity", "IDENTITY", "identity, identity", ",", " , identity ,"}) {
    EXPECT_TRUE(plain({value})) << value;
  }
  EXPECT_TRUE(plain({"", "identity"}));
}

TEST(ContentCoding, AnyOtherIs) {
  for (const char* value :
       {"gzip", "identity, gzip", "gzip,", "identity;q=1", "identityx", "br, identity", "identity gzip"}) {
    EXPECT_FALSE(plain({value})) << value;
  }
  EXPECT_FALSE(plain({"identity", "gzip"}));
}

}  // namespace
}  // namespace postern::http
