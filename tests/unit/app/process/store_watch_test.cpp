#include "app/process/store_watch.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace postern::app {
namespace {

class EventLog final : public telemetry::Log {
 public:
  bool enabled(telemetry::Level) const noexcept override { return true; }
  void audit(std::string_view, std::span<const telemetry::Field>) override {}
  void write(telemetry::Level, std::string_view event, std::span<const telemetry::Field>) override {
    events.emplace_back(event);
  }
  std::vector<std::string> events;
};

TEST(StoreWatch, Attack8TellsEachFaultOnceAndItsEnd) {
  EventLog log;
  StoreWatch watch(log);
  watch.tell("");
  EXPECT_TRUE(log.events.empty());
  watch.tell("the disk is full");
  watch.tell("the disk is full");
  watch.tell("the file is gone");
  watch.tell("");
  watch.tell("");
  EXPECT_EQ(log.events, (std::vector<std::string>{"store_unavailable", "store_unavailable", "store_available"}));
}

}  // namespace
}  // namespace postern::app
