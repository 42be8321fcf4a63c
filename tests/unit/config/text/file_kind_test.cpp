#include "config/text/file_kind.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "config/read/reading.hpp"
#include "config/tenant_list.hpp"
#include "unit/config/fake_sources.hpp"

namespace postern::config {
namespace {

using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto* kSecret = "hunter2";
// Files that somebody may name in the place of a configuration.
const std::string kForeign[] = {
    "root:$y$j9T$hunter2$:19000:0:99999:7:::\ndaemon:*:19000:0:99999:7:::\n",
    "root:x:0:0:hunter2:/root:/bin/bash\n",
    "-----BEGIN PRIVATE KEY-----\nhunter2hunter2==\n-----END PRIVATE KEY-----\n",
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nhunter2==\n-----END RSA PRIVATE KEY-----\n",
    "machine example.test login alice password hunter2\n",
    "PASSWORD=hunter2\n",
    "hunter2: a\nhunter2: b\n",
    "password: hunter2\nother: &hunter2 x\nalias: *hunter2\n",
    "- hunter2\n- more\n",
    "*hunter2\n",
    "\"\\hunter2\"\n",
    "%YAML hunter2\n---\na: b\n",
    "services: {db: {image: x, password: hunter2}}\n",
    "apiVersion: v1\nkind: Secret\ndata: {hunter2: x}\n---\nkind: Pod\n",
    "{\"hunter2\": \"${hunter2}\"}",
    "hunter2",
};

std::vector<std::string> known_keys(const std::string& text, const std::string& path) {
  Faults faults;
  FakeSources fake;
  Config config;
  const auto sources = fake.sources();
  Reading reading{config, faults, sources};
  const auto root = parse_yaml(text, "p", sources, faults);
  if (root && path.empty()) read_config(*root, reading);
  if (root && !path.empty()) read_listed_tenant(reading, *root, Clearing::allowed);
  return {reading.keys[path].begin(), reading.keys[path].end()};
}

std::vector<std::string> sorted(std::span<const std::string_view> keys) {
  std::vector<std::string> out(keys.begin(), keys.end());
  std::ranges::sort(out);
  return out;
}

TEST(FileKind, NamesTheKeysThatTheReadersKnow) {
  EXPECT_THAT(known_keys("{}", ""), ElementsAreArray(sorted(kConfigurationKeys)));
  EXPECT_THAT(known_keys("{}", "tenants[]"), ElementsAreArray(sorted(kTenantKeys)));
}

TEST(FileKind, AForeignFileIsOneFaultThatShowsNothingOfIt) {
  for (const auto* kind : {&kConfigurationFile, &kTenantFile, &kTenantListFile, &kPolicyFile, &kCasesFile}) {
    for (const auto& text : kForeign) {
      Faults faults;
      FakeSources fake;
      const auto sources = fake.sources();
      EXPECT_FALSE(parse_yaml(text, "/etc/x", sources, faults, kind)) << text;
      ASSERT_EQ(faults.all().size(), 1U) << text << faults.to_string();
      EXPECT_THAT(faults.to_string(), Not(HasSubstr(kSecret))) << text;
      EXPECT_THAT(faults.to_string(), ::testing::StartsWith("/etc/x:")) << text;
      EXPECT_THAT(faults.to_string(), HasSubstr("the file must be " + kind->form())) << text;
    }
  }
}

TEST(FileKind, WhatHasOneKeyOfItsKindEvenMisspeltIsReadOn) {
  for (const auto* text : {"listen: []\nfoo: 1\n", "lisen: []\n", "{}", "", "listen: [\n"}) {
    Faults faults;
    FakeSources fake;
    parse_yaml(text, "p", fake.sources(), faults, &kConfigurationFile);
    EXPECT_THAT(faults.to_string(), Not(HasSubstr("the file must be"))) << text;
  }
}

TEST(FileKind, AConfigurationThatIsNoneIsOneFault) {
  FakeSources fake;
  for (const auto& text : kForeign) {
    const auto loaded = load_text(text, "/etc/x", fake.sources());
    ASSERT_FALSE(loaded) << text;
    EXPECT_EQ(loaded.error().all().size(), 1U) << loaded.error().to_string();
  }
}

TEST(FileKind, AFolderOfTenantsShowsNothingOfAForeignFile) {
  FakeSources fake;
  fake.files["/p/tenants/acme.yaml"] = kForeign[0];
  const auto loaded =
      load_text("listen: [{address: 127.0.0.1:1}]\ntenants_dir: tenants\n", "/p/postern.yaml", fake.sources());
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().to_string(),
            "/p/tenants/acme.yaml:1:1: this is not the file of a tenant: the file must be a mapping of keys to values, "
            "such as `handle`, `name` and `plan`\n");
}

TEST(FileKind, AListOfTenantsStopsAtAForeignFirstLineAlone) {
  const Config config;
  const auto faults_of = [&](const std::string& text) {
    std::istringstream in(text);
    const auto tenants = read_tenant_lines(in, "t.jsonl", config);
    return tenants ? std::vector<Fault>() : tenants.error().all();
  };
  for (const std::string text : {"hunter2\nhunter2\n", "{\"hunter2\":1}\n{\"hunter2\":2}\n", "\n[\"hunter2\"]\n[]\n"}) {
    const auto faults = faults_of(text);
    ASSERT_EQ(faults.size(), 1U) << text;
    EXPECT_THAT(faults.front().what, Not(HasSubstr(kSecret)));
  }
  EXPECT_EQ(faults_of("{\"handle\":\"A\"}\nhunter2\n{\"handle\":\"B\"}\n").size(), 3U);
  EXPECT_EQ(faults_of("{\"handle\":\"a\",\"name\":\"${HOME}\"}\n{\"handle\":\"B\"}\n").size(), 2U);
}

}  // namespace
}  // namespace postern::config
