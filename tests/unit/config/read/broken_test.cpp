#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "config/load.hpp"
#include "unit/source_dir.hpp"

// Every file of broken/ is a configuration with the faults that its first lines name:
//   # 12:3: the end or the middle of a sentence
// Nothing but these faults may be found, each at its line and column.
namespace postern::config {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(source_dir()) / "tests/unit/config/broken";

struct Expected {
  std::string place;  // "12:3"
  std::string fragment;
};

std::vector<Expected> expectations(const fs::path& path) {
  std::vector<Expected> out;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line) && line.starts_with("# ");) {
    const auto end = line.find(": ");
    if (end != std::string::npos) out.push_back({line.substr(2, end - 2), line.substr(end + 2)});
  }
  return out;
}

Sources with_secret() {
  auto sources = system_sources();
  sources.variable = [](const std::string& name) {
    return name == "SECRET" ? std::optional<std::string>("hunter2") : std::nullopt;
  };
  return sources;
}

class Broken : public ::testing::TestWithParam<std::string> {};

TEST_P(Broken, IsRefusedWithEachFaultAtItsPlace) {
  const auto path = kFolder / GetParam();
  const auto expected = expectations(path);
  ASSERT_FALSE(expected.empty()) << "name the faults in the file's first lines";
  const auto loaded = load(path.string(), with_secret());
  ASSERT_FALSE(loaded);
  const auto text = loaded.error().to_string();
  std::istringstream lines(text);
  std::size_t found = 0;
  for (std::string line; std::getline(lines, line); ++found) {
    ASSERT_LT(found, expected.size()) << "more faults than expected:\n" << text;
    const auto place = path.string() + ":" + expected[found].place + ": ";
    EXPECT_EQ(line.substr(0, place.size()), place) << text;
    EXPECT_THAT(line, ::testing::HasSubstr(expected[found].fragment)) << text;
  }
  EXPECT_EQ(found, expected.size()) << text;
  EXPECT_THAT(text, ::testing::Not(::testing::HasSubstr("hunter")));
}

std::vector<std::string> files() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kFolder)) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Files, Broken, ::testing::ValuesIn(files()),
                         [](const auto& info) { return fs::path(info.param).stem().string(); });

}  // namespace
}  // namespace postern::config
