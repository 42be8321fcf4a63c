#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "policy/compiled.hpp"
#include "unit/policy/support.hpp"
#include "unit/source_dir.hpp"

namespace postern::policy {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = source_dir();

std::vector<fs::path> yaml_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> yaml_blocks(std::string text) {
  constexpr std::string_view fence = "```yaml\n";
  std::vector<std::string> blocks;
  for (auto at = text.find(fence); at != std::string::npos; at = text.find(fence, at)) {
    at += fence.size();
    blocks.push_back(text.substr(at, text.find("```", at) - at));
  }
  return blocks;
}

void expect_passed(const boost::system::result<std::vector<CaseResult>, config::Faults>& results) {
  ASSERT_TRUE(results) << results.error().to_string();
  for (const auto& result : *results) {
    EXPECT_TRUE(result.passed) << config::to_string(result.at) << ": " << result.name << ": " << result.what;
  }
}

// Policy files of a folder whose cases stand in `cases/` under the same name.
class Shipped : public testing::TestWithParam<const char*> {
 protected:
  fs::path folder() const { return kRoot / GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Folders, Shipped, testing::Values("policies", "config/policies"));

TEST_P(Shipped, EveryPolicyHoldsItsCases) {
  const auto sources = config::system_sources();
  const auto files = yaml_files(folder());
  ASSERT_FALSE(files.empty());
  for (const auto& file : files) {
    SCOPED_TRACE(file);
    const auto loaded = policy::load(file.string(), sources);
    ASSERT_TRUE(loaded) << loaded.error().to_string();
    const auto cases = folder() / "cases" / file.filename();
    ASSERT_TRUE(fs::exists(cases)) << "a policy is shipped with its cases";
    EXPECT_EQ((*loaded)->name(), file.stem()) << "a policy is named like its file";
    expect_passed(run_cases(cases.string(), {{(*loaded)->name(), *loaded}}, sources));
  }
  EXPECT_EQ(yaml_files(folder() / "cases").size(), files.size());
}

// A rule that no case comes to could be wrong unseen.
TEST_P(Shipped, EveryRuleIsNeededByACase) {
  const auto sources = config::system_sources();
  for (const auto& file : yaml_files(folder())) {
    SCOPED_TRACE(file);
    config::Faults faults;
    const auto root = config::parse_yaml(text_of(file), file.string(), sources, faults);
    ASSERT_TRUE(root);
    const auto* rules = root->find("rules");
    const auto count = rules == nullptr ? 0 : rules->items.size();
    for (std::size_t i = 0; i < count; ++i) {
      auto without = *root;
      for (auto& entry : without.entries) {
        if (entry.key == "rules") entry.value.items.erase(entry.value.items.begin() + static_cast<std::ptrdiff_t>(i));
      }
      auto document = read_document(without, faults);
      ASSERT_TRUE(document) << faults.to_string();
      const auto policy = std::make_shared<CompiledPolicy>(std::move(*document));
      const auto results =
          run_cases((folder() / "cases" / file.filename()).string(), {{policy->name(), policy}}, sources);
      ASSERT_TRUE(results) << results.error().to_string();
      EXPECT_TRUE(std::any_of(results->begin(), results->end(), [](const auto& each) { return !each.passed; }))
          << "no case fails without rules[" << i << "]";
    }
  }
}

TEST(PolicyGuide, ItsExampleHoldsItsCases) {
  const auto blocks = yaml_blocks(text_of(kRoot / "policies/README.md"));
  ASSERT_EQ(blocks.size(), 2u);
  const auto policy = policy_of(blocks[0]);
  expect_passed(run_cases("cases.yaml", {{policy->name(), policy}}, sources_of({{"cases.yaml", blocks[1]}})));
}

TEST(PolicyGuide, NamesEveryKey) {
  const auto guide = text_of(kRoot / "policies/README.md");
  for (const auto* key :
       {"policy", "scopes", "default_scopes", "connect", "plans", "roles", "rules", "otherwise", "shadow", "hide",
        "scope_mode", "tools", "prompts", "resources", "methods", "deny", "arguments"}) {
    EXPECT_THAT(guide, testing::HasSubstr("`" + std::string(key) + "`")) << key;
  }
}

}  // namespace
}  // namespace postern::policy
