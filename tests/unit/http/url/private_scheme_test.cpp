#include "http/url/private_scheme.hpp"

#include <gtest/gtest.h>

namespace postern::http {
namespace {

TEST(PrivateScheme, AnAppMayClaimItsOwn) {
  for (const char* scheme : {"cursor", "vscode", "com.example.app", "web+app", "x9"}) {
    EXPECT_TRUE(is_private_use_scheme(scheme)) << scheme;
  }
}

TEST(PrivateScheme, SchemesOfTheWebAndOfTheSystemAreNotPrivate) {
  for (const char* scheme : {"http", "https", "javascript", "data", "vbscript", "file", "blob", "ws", "mailto",
                             "intent", "ms-msdt", "ms-anything", "chrome", "urn", "c"}) {
    EXPECT_FALSE(is_private_use_scheme(scheme)) << scheme;
  }
}

TEST(PrivateScheme, WhatIsNoSchemeInLowerCaseIsNone) {
  for (const char* text : {"", "Cursor", "9p", "-a", "cur sor", "cursor:", "cur/sor", "cürsor"}) {
    EXPECT_FALSE(is_private_use_scheme(text)) << text;
  }
}

}  // namespace
}  // namespace postern::http
