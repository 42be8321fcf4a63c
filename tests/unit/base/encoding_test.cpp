#include <gtest/gtest.h>

#include "base/encoding.hpp"

namespace postern {
namespace {

TEST(Base64Url, Rfc4648VectorsWithoutPadding) {
  EXPECT_EQ(base64url_encode(""), "");
  EXPECT_EQ(base64url_encode("f"), "Zg");
  EXPECT_EQ(base64url_encode("fo"), "Zm8");
  EXPECT_EQ(base64url_encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64url_encode("\xff\xfe\xfd"), "__79");
  EXPECT_EQ(base64url_decode("__79"), "\xff\xfe\xfd");
}

TEST(Base64Url, RefusesPaddingOtherAlphabetsAndStrayBits) {
  for (const auto* text : {"Zg==", "a+b/", "Zh", "A", "Zm 9", "Zm9\n"}) EXPECT_FALSE(base64url_decode(text)) << text;
}

TEST(Base64, RequiresPadding) {
  EXPECT_EQ(base64_encode("fo"), "Zm8=");
  EXPECT_EQ(base64_decode("Zm8="), "fo");
  EXPECT_EQ(base64_decode(""), "");
  for (const auto* text : {"Zm8", "Zm8==", "Zg=", "=", "====", "Z===", "Zm8=Zm8="})
    EXPECT_FALSE(base64_decode(text)) << text;
}

TEST(Utf8, AcceptsWellFormedText) {
  for (const auto* text : {"", "abc", "é", "€", "😀", "\xf4\x8f\xbf\xbf"}) EXPECT_TRUE(is_valid_utf8(text)) << text;
}

TEST(Utf8, RefusesOverlongFormsSurrogatesAndStrayBytes) {
  for (const auto* text : {"\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\x80",
                           "\xc3", "\xe2\x82"}) {
    EXPECT_FALSE(is_valid_utf8(text));
  }
}

TEST(Hex, IsLowerCase) { EXPECT_EQ(hex_encode("\x0f\xa0"), "0fa0"); }

}  // namespace
}  // namespace postern
