#include "app/process/process.hpp"

#include <gmock/gmock.h>

#include "unit/app/process/running.hpp"

namespace postern::app {
namespace {

using testing::HasSubstr;

using ProcessTest = Running;

TEST_F(ProcessTest, OpensTheStoreAndTheLogOfTheConfiguration) {
  const auto process = open(load());
  ASSERT_TRUE(process);
  EXPECT_TRUE(std::filesystem::exists(directory_ / "postern.db"));
  EXPECT_THAT(log_of(*process), HasSubstr("store_made"));
}

TEST_F(ProcessTest, TheStoreOfARunningProcessIsNotOpenedAgain) {
  const auto process = open(load());
  ASSERT_TRUE(process);
  auto second = load();
  const auto refused = open_process(second.config);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("postern.db"));
}

TEST_F(ProcessTest, AnEndedProcessLeavesTheStoreToTheNext) {
  open(load()).reset();
  EXPECT_TRUE(open(load()));
}

TEST_F(ProcessTest, ALogThatCannotBeWrittenIsTold) {
  auto loaded = load();
  loaded.config.log.file = directory_ / "missing/postern.log";
  const auto refused = open_process(loaded.config);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, HasSubstr("missing/postern.log"));
  EXPECT_FALSE(std::filesystem::exists(directory_ / "postern.db"));
}

TEST_F(ProcessTest, LetsItsGenerationGo) {
  auto process = open(load());
  ASSERT_TRUE(process);
  const std::weak_ptr<const runtime::Generation> generation = serve(*process, load());
  EXPECT_FALSE(generation.expired());
  process.reset();
  EXPECT_TRUE(generation.expired());
}

}  // namespace
}  // namespace postern::app
