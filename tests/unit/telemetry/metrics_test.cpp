#include <gtest/gtest.h>

#include "telemetry/metrics.hpp"

namespace postern::telemetry {
namespace {

TEST(Metrics, CountsByResourceAndOutcome) {
  const auto metrics = make_metrics();
  metrics->resource("shop").request(Outcome::ok, 0.002);
  metrics->resource("shop").request(Outcome::ok, 0.002);
  metrics->resource("shop").decision("step_up", false);
  const auto text = metrics->expose();
  EXPECT_NE(text.find("postern_requests_total{outcome=\"ok\",resource=\"shop\"} 2"), std::string::npos) << text;
  EXPECT_NE(text.find("postern_request_seconds_count{resource=\"shop\"} 2"), std::string::npos) << text;
  EXPECT_NE(text.find("verdict=\"step_up\"} 1"), std::string::npos) << text;
}

TEST(Metrics, SeriesOfAResourceExistBeforeItsFirstRequest) {
  const auto metrics = make_metrics();
  metrics->resource("shop");
  EXPECT_NE(metrics->expose().find("outcome=\"upstream_error\",resource=\"shop\"} 0"), std::string::npos);
}

TEST(Metrics, GaugesAreReadWhenAskedFor) {
  const auto metrics = make_metrics();
  double depth = 1;
  metrics->gauge("postern_pool_queue", "Waiting work.", "pool", "store", [&] { return depth; });
  depth = 7;
  EXPECT_NE(metrics->expose().find("postern_pool_queue{pool=\"store\"} 7"), std::string::npos);
}

TEST(Metrics, CountersAppearWithTheFirstCallAndAddUp) {
  const auto metrics = make_metrics();
  metrics->count("postern_clock_jumps_total", "Jumps.", 0);
  EXPECT_NE(metrics->expose().find("postern_clock_jumps_total 0"), std::string::npos);
  metrics->count("postern_clock_jumps_total", "Jumps.", 1);
  metrics->count("postern_clock_jumps_total", "Jumps.", 2);
  const auto text = metrics->expose();
  EXPECT_NE(text.find("# TYPE postern_clock_jumps_total counter"), std::string::npos) << text;
  EXPECT_NE(text.find("postern_clock_jumps_total 3"), std::string::npos) << text;
}

}  // namespace
}  // namespace postern::telemetry
