#include "app/cli/typed_words.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include <CLI/CLI.hpp>

namespace postern::app {
namespace {

// A parser like that of the program: a command with the configuration as FILE or -c, and one with options of its own.
class TypedWords : public ::testing::Test {
 protected:
  TypedWords() {
    auto* check = app_.add_subcommand("check", "");
    check->add_option("FILE", file_, "");
    check->add_option("-c,--config", config_, "");
    auto* user = app_.add_subcommand("user", "");
    auto* add = user->add_subcommand("add", "");
    add->add_option("NAME", name_, "")->required();
    add->add_option("--scope", scope_, "");
    auto* group = add->add_option_group("call", "");
    group->add_option("--tool", tool_, "");
    allowed_.insert(add->add_option("--email", email_, ""));
  }

  std::optional<std::string> settled(std::vector<std::string> words) {
    parse(std::move(words));
    return settle_config(app_, file_, config_);
  }
  std::optional<std::string> empty_of(std::vector<std::string> words) {
    parse(std::move(words));
    return empty_value(app_, allowed_);
  }

  std::string file_, config_, name_, scope_, tool_, email_;

 private:
  void parse(std::vector<std::string> words) {
    file_ = config_ = "";
    std::ranges::reverse(words);
    app_.parse(words);
  }

  CLI::App app_{"", "postern"};
  std::set<const CLI::Option*> allowed_;
};

TEST_F(TypedWords, TheConfigurationIsNamedInOneWayOrTheOther) {
  EXPECT_EQ(settled({"check", "a.yaml"}), std::nullopt);
  EXPECT_EQ(config_, "a.yaml");
  EXPECT_EQ(settled({"check", "-c", "b.yaml"}), std::nullopt);
  EXPECT_EQ(config_, "b.yaml");
  EXPECT_EQ(settled({"check", "a.yaml", "-c", "a.yaml"}), std::nullopt) << "the same twice";
  EXPECT_EQ(settled({"check", "a.yaml", "-c", "b.yaml"}),
            "two configuration files are named, `b.yaml` by -c and `a.yaml`: give one of them");
  EXPECT_EQ(settled({"check"}), "name the configuration file: postern check FILE, or -c FILE");
  EXPECT_EQ(settled({"user", "add", "bob"}), std::nullopt) << "it takes none";
}

TEST_F(TypedWords, AnEmptyValueIsNotTakenForAnAbsentOne) {
  EXPECT_EQ(empty_of({"user", "add", "bob", "--scope", ""}), "--scope is empty: give it a value, or leave it out");
  EXPECT_EQ(empty_of({"user", "add", ""}), "NAME is empty: give it a value");
  EXPECT_EQ(empty_of({"user", "add", "bob", "--tool", ""}), "--tool is empty: give it a value, or leave it out");
  EXPECT_EQ(empty_of({"check", "-c", ""}), "--config is empty: give it a value, or leave it out");
  EXPECT_EQ(empty_of({"user", "add", "bob", "--email", ""}), std::nullopt) << "there it is a value";
  EXPECT_EQ(empty_of({"user", "add", "bob", "--scope", " \t"}), "--scope is empty: give it a value, or leave it out");
  EXPECT_EQ(empty_of({"user", "add", "bob", "--email", " "}), "--email is empty: give it a value, or leave it out");
  EXPECT_EQ(empty_of({"user", "add", "bob", "--scope", "x"}), std::nullopt);
  EXPECT_EQ(empty_of({"user", "add", "bob"}), std::nullopt);
}

}  // namespace
}  // namespace postern::app
