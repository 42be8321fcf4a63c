#include "config/describe/describe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "base/strings.hpp"
#include "config/read/reading.hpp"
#include "unit/config/sample.hpp"
#include "unit/source_dir.hpp"

namespace postern::config {
namespace {

using nlohmann::json;

// POSTERN_REGENERATE=1 writes the files instead of comparing them.
void expect_fresh(const std::string& name, const std::string& generated) {
  const auto path = source_dir() + "/config/" + name;
  if (std::getenv("POSTERN_REGENERATE")) std::ofstream(path, std::ios::binary) << generated;
  EXPECT_TRUE(read_text(path) == generated) << path << " is stale: run config_tests with POSTERN_REGENERATE=1";
}

TEST(Reference, IsFresh) { expect_fresh("postern.reference.yaml", reference_yaml()); }
TEST(Schema, IsFresh) { expect_fresh("postern.schema.json", schema_json()); }

TEST(Reference, LoadsWithoutFaultAndWarning) {
  const auto loaded = load_text(reference_yaml(), "/p/postern.reference.yaml", system_sources());
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_THAT(loaded->warnings, ::testing::IsEmpty());
}

// What the reference prints as a default is what an absent key gets.
TEST(Reference, StatesTheTrueDefaults) {
  const auto all = load_text(reference_yaml(), "/p/r.yaml", system_sources());
  const auto none = load_text(
      "listen: [{address: 127.0.0.1:8080}]\nauthorization_servers: {main: {issuer: \"http://127.0.0.1:8080\"}}\n"
      "upstreams: {tools: {urls: [http://127.0.0.1:3001/mcp]}}\n",
      "/p/r.yaml", system_sources());
  ASSERT_TRUE(all) << all.error().to_string();
  ASSERT_TRUE(none) << none.error().to_string();
  EXPECT_EQ(all->store, none->store);
  EXPECT_EQ(all->identity.session, none->identity.session);
  EXPECT_EQ(all->limits.body, none->limits.body);
  EXPECT_EQ(all->limits.write_deadline, none->limits.write_deadline);
  EXPECT_EQ(all->limits.token.burst, none->limits.token.burst);
  EXPECT_EQ(all->limits.sign_in.per_second, none->limits.sign_in.per_second);
  EXPECT_EQ(all->log.level, none->log.level);
  EXPECT_EQ(all->authorization_servers[0].refresh_token.grace, none->authorization_servers[0].refresh_token.grace);
  EXPECT_EQ(all->authorization_servers[0].registration.redirect_domains, std::nullopt);
  EXPECT_EQ(all->upstreams[0].response_timeout, none->upstreams[0].response_timeout);
}

std::set<std::string> keys_that_are_read() {
  Faults faults;
  Config config;
  const auto fake = sample_sources();
  const auto sources = fake.sources();
  const auto root = parse_yaml(sample_text(), kSamplePath, sources, faults);
  Reading reading{config, faults, sources};
  read_config(root.value(), reading);
  EXPECT_TRUE(faults.empty()) << faults.to_string();
  std::set<std::string> paths;
  for (const auto& [path, keys] : reading.keys) {
    for (const auto& key : keys) paths.insert(path.empty() ? key : path + "." + key);
  }
  return paths;
}

TEST(Description, HoldsEveryKeyThatIsReadAndNoOther) {
  std::set<std::string> described;
  for (const auto& row : describe()) EXPECT_TRUE(described.insert(row.path).second) << row.path << " stands twice";
  EXPECT_THAT(described, ::testing::ContainerEq(keys_that_are_read()));
}

TEST(Description, SaysSomethingAboutEveryKey) {
  for (const auto& row : describe()) {
    EXPECT_TRUE(row.meaning.ends_with('.')) << row.path;
    const bool container = row.type == Row::Type::mapping || row.type == Row::Type::list;
    const bool shown = !row.details.fallback.empty() || !row.details.example.empty();
    EXPECT_TRUE(container || shown || !row.details.served) << row.path << " has neither default nor example";
  }
}

// YAML's plain scalars as JSON has them, the way editors hand a file to a schema.
json to_json(const Value& value) {
  std::uint64_t number = 0;
  json out;
  switch (value.kind) {
    case Value::Kind::null: return nullptr;
    case Value::Kind::scalar:
      if (value.quoted) return value.written;
      if (value.written == "true" || value.written == "false") return value.written == "true";
      if (parse_uint(value.written, number)) return number;
      return value.written;
    case Value::Kind::list:
      out = json::array();
      for (const auto& item : value.items) out.push_back(to_json(item));
      return out;
    case Value::Kind::map:
      out = json::object();
      for (const auto& entry : value.entries) out[entry.key] = to_json(entry.value);
      return out;
  }
  return out;
}

class SchemaAnswers : public ::testing::Test {
 protected:
  SchemaAnswers() {
    valijson::SchemaParser parser;
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(json_), schema_);
  }

  bool accepts(std::string_view text) {
    auto fake = sample_sources();
    fake.variables["X"] = "x";
    Faults faults;
    const auto root = parse_yaml(text, "p", fake.sources(), faults);
    EXPECT_TRUE(root) << faults.to_string();
    const auto document = to_json(*root);
    valijson::Validator validator;
    return validator.validate(schema_, valijson::adapters::NlohmannJsonAdapter(document), nullptr);
  }

  json json_ = json::parse(schema_json());
  valijson::Schema schema_;
};

TEST_F(SchemaAnswers, YesToWhatTheReaderTakes) {
  EXPECT_TRUE(accepts(sample_text()));
  EXPECT_TRUE(accepts(reference_yaml()));
  EXPECT_TRUE(accepts(read_text(source_dir() + "/config/postern.minimal.yaml")));
  EXPECT_TRUE(
      accepts("listen: [{address: \"${X}\", behind_proxy: \"${X}\", serve: {file: x}}]\nworkers: \"${X:-4}\"\n"));
}

TEST_F(SchemaAnswers, NoToWhatTheReaderRefuses) {
  const std::string listen = "listen: [{address: 127.0.0.1:1}]\n";
  EXPECT_TRUE(accepts(listen));
  EXPECT_FALSE(accepts("workers: 1\n"));
  EXPECT_FALSE(accepts("listen: []\n"));
  EXPECT_FALSE(accepts(listen + "colour: red\n"));
  EXPECT_FALSE(accepts(listen + "log: {level: trace}\n"));
  EXPECT_FALSE(accepts(listen + "limits: {idle: 60}\n"));
  EXPECT_FALSE(accepts(listen + "limits: {body: 4MB}\n"));
  EXPECT_FALSE(accepts(listen + "limits: {rate: {call: 50}}\n"));
  EXPECT_FALSE(accepts(listen + "tenants_dir: [tenants]\n"));
  EXPECT_FALSE(accepts(listen + "upstreams: {back: {command: []}}\n"));
  EXPECT_FALSE(accepts(listen + "upstreams: {back: {urls: []}}\n"));
  EXPECT_FALSE(accepts("listen: [{address: 127.0.0.1:1, behind_proxy: yes}]\n"));
}

}  // namespace
}  // namespace postern::config
