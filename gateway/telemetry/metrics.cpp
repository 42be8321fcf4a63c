#include "telemetry/metrics.hpp"

#include <array>
#include <map>
#include <mutex>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace postern::telemetry {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;

const prometheus::Histogram::BucketBoundaries kSeconds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                       0.1,    0.25,  0.5,    1,     2.5,  5,     10};
constexpr std::array<std::string_view, 4> kVerdicts{"allow", "step_up", "deny", "not_found"};

struct Families {
  explicit Families(prometheus::Registry& r)
      : requests(BuildCounter()
                     .Name("postern_requests_total")
                     .Help("Requests on a resource, by how they ended.")
                     .Register(r)),
        seconds(BuildHistogram()
                    .Name("postern_request_seconds")
                    .Help("Time from a request's head to the end of its answer.")
                    .Register(r)),
        decisions(BuildCounter()
                      .Name("postern_decisions_total")
                      .Help("Policy decisions; shadow ones were not enforced.")
                      .Register(r)),
        streams(BuildGauge().Name("postern_streams").Help("Answers being streamed now.").Register(r)),
        connections(BuildGauge().Name("postern_connections").Help("Client connections open now.").Register(r)),
        accepted(BuildCounter().Name("postern_connections_total").Help("Client connections accepted.").Register(r)),
        refused(BuildCounter()
                    .Name("postern_connections_refused_total")
                    .Help("Connections closed at once because a limit was reached.")
                    .Register(r)),
        bad(BuildCounter().Name("postern_bad_requests_total").Help("Requests refused before routing.").Register(r)),
        endpoints(BuildCounter()
                      .Name("postern_endpoint_requests_total")
                      .Help("Requests on OAuth endpoints, metadata and pages.")
                      .Register(r)),
        endpoint_seconds(
            BuildHistogram().Name("postern_endpoint_seconds").Help("Time OAuth endpoints and pages took.").Register(r)),
        cache(BuildCounter()
                  .Name("postern_token_cache_total")
                  .Help("Look-ups of access tokens in the cache.")
                  .Register(r)),
        evicted(BuildCounter()
                    .Name("postern_clients_evicted_total")
                    .Help("Registered clients that were never used and gave way to others, at limits.unused_clients.")
                    .Register(r)) {}

  prometheus::Family<prometheus::Counter>& requests;
  prometheus::Family<prometheus::Histogram>& seconds;
  prometheus::Family<prometheus::Counter>& decisions;
  prometheus::Family<prometheus::Gauge>& streams;
  prometheus::Family<prometheus::Gauge>& connections;
  prometheus::Family<prometheus::Counter>& accepted;
  prometheus::Family<prometheus::Counter>& refused;
  prometheus::Family<prometheus::Counter>& bad;
  prometheus::Family<prometheus::Counter>& endpoints;
  prometheus::Family<prometheus::Histogram>& endpoint_seconds;
  prometheus::Family<prometheus::Counter>& cache;
  prometheus::Family<prometheus::Counter>& evicted;
};

class ResourceSeries final : public ResourceMetrics {
 public:
  ResourceSeries(Families& families, const std::string& name)
      : seconds_(families.seconds.Add({{"resource", name}}, kSeconds)),
        streams_(families.streams.Add({{"resource", name}})) {
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
      const std::string outcome(to_string(static_cast<Outcome>(i)));
      outcomes_[i] = &families.requests.Add({{"resource", name}, {"outcome", outcome}});
    }
    for (std::size_t i = 0; i < kVerdicts.size(); ++i) {
      const std::string verdict(kVerdicts[i]);
      verdicts_[i] = &families.decisions.Add({{"resource", name}, {"verdict", verdict}, {"shadow", "false"}});
      shadows_[i] = &families.decisions.Add({{"resource", name}, {"verdict", verdict}, {"shadow", "true"}});
    }
  }

  void request(Outcome outcome, double seconds) noexcept override {
    outcomes_[static_cast<std::size_t>(outcome)]->Increment();
    seconds_.Observe(seconds);
  }
  void decision(std::string_view verdict, bool shadow) noexcept override {
    for (std::size_t i = 0; i < kVerdicts.size(); ++i) {
      if (kVerdicts[i] == verdict) (shadow ? shadows_ : verdicts_)[i]->Increment();
    }
  }
  void stream_opened() noexcept override { streams_.Increment(); }
  void stream_closed() noexcept override { streams_.Decrement(); }

 private:
  prometheus::Histogram& seconds_;
  prometheus::Gauge& streams_;
  std::array<prometheus::Counter*, static_cast<std::size_t>(Outcome::count_)> outcomes_{};
  std::array<prometheus::Counter*, kVerdicts.size()> verdicts_{};
  std::array<prometheus::Counter*, kVerdicts.size()> shadows_{};
};

class PrometheusMetrics final : public Metrics {
 public:
  PrometheusMetrics()
      : families_(registry_),
        connections_(families_.connections.Add({})),
        accepted_(families_.accepted.Add({})),
        hits_(families_.cache.Add({{"result", "hit"}})),
        misses_(families_.cache.Add({{"result", "miss"}})),
        evicted_(families_.evicted.Add({})) {}

  ResourceMetrics& resource(const std::string& name) override {
    const std::lock_guard lock(mutex_);
    auto& series = resources_[name];
    if (!series) series = std::make_unique<ResourceSeries>(families_, name);
    return *series;
  }
  void connection_opened() noexcept override {
    connections_.Increment();
    accepted_.Increment();
  }
  void connection_closed() noexcept override { connections_.Decrement(); }
  void connection_refused(std::string_view why) noexcept override {
    families_.refused.Add({{"why", std::string(why)}}).Increment();
  }
  void bad_request(int status) noexcept override {
    families_.bad.Add({{"status", std::to_string(status)}}).Increment();
  }
  void endpoint(std::string_view route, int status, double seconds) noexcept override {
    families_.endpoints.Add({{"route", std::string(route)}, {"status", std::to_string(status)}}).Increment();
    families_.endpoint_seconds.Add({{"route", std::string(route)}}, kSeconds).Observe(seconds);
  }
  void token_cache(bool hit) noexcept override { (hit ? hits_ : misses_).Increment(); }

  void clients_evicted(std::int64_t count) noexcept override { evicted_.Increment(static_cast<double>(count)); }

  void gauge(const std::string& name, const std::string& help, const std::string& label, const std::string& value,
             std::function<double()> read) override {
    const std::lock_guard lock(mutex_);
    auto& gauge = BuildGauge().Name(name).Help(help).Register(registry_).Add(
        label.empty() ? prometheus::Labels() : prometheus::Labels{{label, value}});
    readings_.push_back({&gauge, std::move(read)});
  }

  void count(const std::string& name, const std::string& help, double by) override {
    BuildCounter().Name(name).Help(help).Register(registry_).Add({}).Increment(by);
  }

  std::string expose() override {
    const std::lock_guard lock(mutex_);
    for (const auto& reading : readings_) reading.gauge->Set(reading.read());
    return prometheus::TextSerializer().Serialize(registry_.Collect());
  }

 private:
  struct Reading {
    prometheus::Gauge* gauge;
    std::function<double()> read;
  };

  prometheus::Registry registry_{prometheus::Registry::InsertBehavior::Merge};
  Families families_;
  prometheus::Gauge& connections_;
  prometheus::Counter& accepted_;
  prometheus::Counter& hits_;
  prometheus::Counter& misses_;
  prometheus::Counter& evicted_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<ResourceSeries>> resources_;
  std::vector<Reading> readings_;
};

}  // namespace

std::string_view to_string(Outcome outcome) noexcept {
  switch (outcome) {
    case Outcome::ok: return "ok";
    case Outcome::unauthorized: return "unauthorized";
    case Outcome::forbidden: return "forbidden";
    case Outcome::step_up: return "step_up";
    case Outcome::refused: return "refused";
    case Outcome::limited: return "limited";
    case Outcome::upstream_error: return "upstream_error";
    case Outcome::unavailable: return "unavailable";
    case Outcome::cancelled: return "cancelled";
    case Outcome::count_: break;
  }
  return "unknown";
}

std::unique_ptr<Metrics> make_metrics() { return std::make_unique<PrometheusMetrics>(); }

}  // namespace postern::telemetry
