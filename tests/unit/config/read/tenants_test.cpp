#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "config/load.hpp"
#include "config/tenant_list.hpp"
#include "unit/config/fake_sources.hpp"

namespace postern::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class Tenant>
std::vector<std::string> handles(const std::vector<Tenant>& tenants) {
  std::vector<std::string> out;
  for (const auto& tenant : tenants) out.push_back(tenant.handle);
  return out;
}

class TenantsDir : public ::testing::Test {
 protected:
  boost::system::result<Config, Faults> loaded(const std::string& tenants = "") const {
    return load_text("listen: [{address: 127.0.0.1:1}]\ntenants_dir: tenants\n" + tenants, "/p/postern.yaml",
                     fake_.sources());
  }
  std::string faults(const std::string& tenants = "") const {
    const auto config = loaded(tenants);
    return config ? "" : config.error().to_string();
  }

  FakeSources fake_;
};

TEST_F(TenantsDir, HoldsOneFileForEachTenantNamedByItsHandle) {
  fake_.files["/p/tenants/acme.yaml"] = "name: Acme Inc.\nplan: business\nmembers: [{user: alice, role: admin}]\n";
  fake_.files["/p/tenants/globex.yaml"] = "handle: globex\n";
  fake_.files["/p/tenants/README.md"] = "not: [a tenant\n";
  const auto config = loaded("tenants: [{handle: initech}]\n");
  ASSERT_TRUE(config) << config.error().to_string();
  EXPECT_THAT(handles(config->tenants), ElementsAre("initech", "acme", "globex"));
  EXPECT_EQ(config->tenants[1].name, "Acme Inc.");
  EXPECT_EQ(config->tenants[1].members.front().role, "admin");
  EXPECT_EQ(config->tenants[2].name, "globex");
}

TEST_F(TenantsDir, AFaultSaysInWhichFile) {
  fake_.files["/p/tenants/acme.yaml"] = "name: Acme\nplann: business\n";
  fake_.files["/p/tenants/empty.yaml"] = "";
  fake_.files["/p/tenants/globex.yaml"] = "handle: initech\n";
  fake_.files["/p/tenants/No Handle.yaml"] = "name: x\n";
  fake_.files["/p/tenants/unknown.yaml"] = "members: [{user: \"entra:1\"}, {user: a}, {user: a}]\n";
  fake_.files["/p/tenants/words.yaml"] = "name: \"a\\x07b\"\nmembers: [{user: a}, {user: \"local:a\"}]\n";
  const auto all = faults();
  EXPECT_THAT(all, HasSubstr("/p/tenants/acme.yaml:2:1: unknown key `plann`"));
  EXPECT_THAT(all, HasSubstr("/p/tenants/empty.yaml:1:1: the file is empty"));
  EXPECT_THAT(all, HasSubstr("/p/tenants/globex.yaml:1:9: `handle` `initech` must be the file's name"));
  EXPECT_THAT(all, HasSubstr("/p/tenants/No Handle.yaml:1:1: this file's name, `No Handle`, must be 1 to 63"));
  EXPECT_THAT(all, HasSubstr("/p/tenants/unknown.yaml:1:18: `user` begins with `entra:`"));
  EXPECT_THAT(all, HasSubstr("this user is a member of `unknown` twice"));
  EXPECT_THAT(all, HasSubstr("/p/tenants/words.yaml:1:7: `name` holds a control character"));
  EXPECT_THAT(all, HasSubstr("this user is a member of `words` twice"));
}

TEST_F(TenantsDir, ATenantIsGivenOnce) {
  fake_.files["/p/tenants/acme.yaml"] = "name: Acme\n";
  EXPECT_THAT(
      faults("tenants:\n  - {handle: acme}\n"),
      HasSubstr("/p/tenants/acme.yaml:1:1: the tenant `acme` is given twice; the first is at /p/postern.yaml:4:5"));
}

TEST_F(TenantsDir, MustBeThere) {
  EXPECT_THAT(faults(), HasSubstr("/p/postern.yaml:2:14: cannot read the folder that `tenants_dir` names"));
}

class TenantList : public ::testing::Test {
 protected:
  TenantList() { config_.identity.providers.emplace_back().name = "entra"; }

  boost::system::result<std::vector<ListedTenant>, Faults> lines(const std::string& text) const {
    std::istringstream in(text);
    return read_tenant_lines(in, "t.jsonl", config_);
  }
  std::string faults(const std::string& text) const {
    const auto tenants = lines(text);
    return tenants ? "" : tenants.error().to_string();
  }

  Config config_;
};

TEST_F(TenantList, IsADocumentAsConfigurationsHaveIt) {
  const auto tenants = read_tenant_list("tenants:\n  - {handle: acme, members: [{user: \"entra:1\", role: viewer}]}\n",
                                        "t.yaml", config_);
  ASSERT_TRUE(tenants) << tenants.error().to_string();
  EXPECT_THAT(handles(*tenants), ElementsAre("acme"));
  EXPECT_EQ(tenants->front().members.front().user, "entra:1");
  for (const char* bad : {"", "[]", "x", "tenant: []", "tenants: {}", "tenants: [{handle: acme}]\nlisten: []",
                          "tenants: [{handle: acme}, {handle: acme}]", "tenants: [{handle: \"${HOME}\"}]",
                          "tenants: [{handle: {file: /etc/hostname}}]"}) {
    EXPECT_FALSE(read_tenant_list(bad, "t.yaml", config_)) << bad;
  }
}

TEST_F(TenantList, IsReadLineByLine) {
  const auto tenants = lines("{\"handle\":\"acme\",\"plan\":\"business\"}\n\n{\"handle\":\"globex\"}\r\n");
  ASSERT_TRUE(tenants) << tenants.error().to_string();
  EXPECT_THAT(handles(*tenants), ElementsAre("acme", "globex"));
  EXPECT_EQ(tenants->back().at.line, 3);
  EXPECT_FALSE(lines("")) << "what should have written it has failed";
  EXPECT_EQ(lines(R"({"handle":"x","name":"\ud83d\ude00 \u00e9"})"
                  "\n")
                ->front()
                .name,
            "\xF0\x9F\x98\x80 \xC3\xA9");
  std::istringstream broken("{\"handle\":\"acme\"}\n");
  broken.setstate(std::ios::badbit);
  EXPECT_FALSE(read_tenant_lines(broken, "t.jsonl", config_)) << "what can be read in part is not all";
}

// The list need not be the operator's own.
TEST(TenantLines, CharactersInTwoHalvesAreReadWithoutAnotherReading) {
  const auto faults_of = [](const std::string& text) {
    std::istringstream lines(text);
    const auto read = read_tenant_lines(lines, "t.jsonl", Config());
    return read ? std::string() : read.error().to_string();
  };
  std::istringstream lines(R"({"handle":"acme","name":"\\ud83d\ud83d\ude00\\\ud83d\ude00"})");
  const auto read = read_tenant_lines(lines, "t.jsonl", Config());
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(read->front().name, "\\ud83d\xF0\x9F\x98\x80\\\xF0\x9F\x98\x80");
  const std::string emoji = R"({"handle":"a","name":"\ud83d\ude00",)";
  EXPECT_NE(faults_of(emoji + R"("plan":"gold","plan":"x"})").find("given twice"), std::string::npos);
  EXPECT_NE(faults_of(emoji + "\"x\":" + std::string(30'000, '[') + std::string(30'000, ']') + "}"), "");
  EXPECT_NE(faults_of(R"({"handle":"a","name":"\ud83d"})"), "") << "half a character";
}

TEST(TenantLines, ALineWithoutEndIsReadUpToABound) {
  std::istringstream lines(std::string(5 * 1024 * 1024, ' '));
  const auto read = read_tenant_lines(lines, "t.jsonl", Config());
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().to_string(), "t.jsonl:1:1: this line is longer than 4 MiB: write one tenant on each line\n");
}

TEST_F(TenantList, WhatIsNotGivenDiffersFromWhatIsCleared) {
  const auto of = [&](const std::string& more) {
    const auto from_lines = lines("{\"handle\":\"acme\"" + more + "}\n");
    const auto from_yaml = read_tenant_list("tenants: [{\"handle\":\"acme\"" + more + "}]", "t.yaml", config_);
    EXPECT_TRUE(from_lines) << from_lines.error().to_string();
    EXPECT_TRUE(from_yaml) << from_yaml.error().to_string();
    EXPECT_EQ(from_lines->front().plan, from_yaml->front().plan);
    EXPECT_EQ(from_lines->front().name, from_yaml->front().name);
    return from_lines->front();
  };
  EXPECT_EQ(of("").plan, std::nullopt);
  EXPECT_EQ(of("").name, std::nullopt);
  EXPECT_EQ(of(",\"plan\":\"\"").plan, "");
  EXPECT_EQ(of(",\"plan\":null").plan, "");
  EXPECT_EQ(of(",\"name\":null").name, "");
  EXPECT_EQ(of(",\"plan\":\"free\"").plan, "free");
  const auto role = [&](const std::string& more) {
    return of(",\"members\":[{\"user\":\"alice\"" + more + "}]").members.front().role;
  };
  EXPECT_EQ(role(""), std::nullopt);
  EXPECT_EQ(role(",\"role\":null"), "");
  EXPECT_EQ(role(",\"role\":\"\""), "");
  EXPECT_EQ(role(",\"role\":\"viewer\""), "viewer");
  EXPECT_THAT(faults(R"({"handle":null})"), HasSubstr("`handle` has no value"));
  EXPECT_THAT(faults(R"({"handle":"x","members":[{"user":""}]})"), HasSubstr("`user` is empty"));
}

TEST_F(TenantList, AFaultSaysInWhichLine) {
  const auto all = faults(
      "{\"handle\":\"acme\"}\n"
      "{\"handle\":\"Acme\"}\n"
      "{\"handle\":\n"
      "{\"handle\":\"globex\",\"members\":[{\"user\":\"okta:1\"}]}\n"
      "{\"handle\":\"acme\"}\n"
      "{\"handle\":\"x\",\"name\":\"${HOME}\"}\n");
  EXPECT_THAT(all, HasSubstr("t.jsonl:2:11: `handle` `Acme`"));
  EXPECT_THAT(all, HasSubstr("t.jsonl:3:"));
  EXPECT_THAT(all, HasSubstr("t.jsonl:5:11: the tenant `acme` is given twice; the first is at t.jsonl:1:1"));
  EXPECT_THAT(all, HasSubstr("t.jsonl:6:"));
  EXPECT_THAT(faults("{\"handle\":\"globex\",\"members\":[{\"user\":\"okta:1\"}]}\n"),
              HasSubstr("t.jsonl:1:39: `user` begins with `okta:`"));
}

}  // namespace
}  // namespace postern::config
