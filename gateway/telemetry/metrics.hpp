#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace postern::telemetry {

// How a request on a resource ended, as metrics label it. A closed set, so that no client can grow the label space.
enum class Outcome : std::uint8_t {
  ok,
  unauthorized,    // 401
  forbidden,       // 403
  step_up,         // 403 insufficient_scope
  refused,         // other 4xx of ours
  limited,         // 429
  upstream_error,  // 502, 504
  unavailable,     // 503
  cancelled,       // the client went away
  count_,
};

std::string_view to_string(Outcome outcome) noexcept;

// The series of one resource, made when the configuration is loaded. Thread-safe.
class ResourceMetrics {
 public:
  virtual ~ResourceMetrics() = default;
  virtual void request(Outcome outcome, double seconds) noexcept = 0;
  virtual void decision(std::string_view verdict, bool shadow) noexcept = 0;  // allow | step_up | deny | not_found
  virtual void stream_opened() noexcept = 0;
  virtual void stream_closed() noexcept = 0;
};

// Every series of the process, through prometheus-cpp. Labels come from the configuration or from closed sets only:
// never from a client. Thread-safe.
class Metrics {
 public:
  virtual ~Metrics() = default;
  // The same object for the same name.
  virtual ResourceMetrics& resource(const std::string& name) = 0;
  virtual void connection_opened() noexcept = 0;
  virtual void connection_closed() noexcept = 0;
  virtual void connection_refused(std::string_view why) noexcept = 0;  // total | per_address | descriptors
  virtual void bad_request(int status) noexcept = 0;                   // refused by the head scanner
  virtual void endpoint(std::string_view route, int status, double seconds) noexcept = 0;
  virtual void token_cache(bool hit) noexcept = 0;
  virtual void clients_evicted(std::int64_t count) noexcept = 0;  // unused ones, for others that registered
  // Read when /metrics is asked for: the depth of a pool's queue. An empty `label`: the only one of its name.
  virtual void gauge(const std::string& name, const std::string& help, const std::string& label,
                     const std::string& value, std::function<double()> read) = 0;
  // Adds to the counter of that name, which is there from the first call on; 0 makes it appear.
  virtual void count(const std::string& name, const std::string& help, double by) = 0;
  // The text exposition format 0.0.4.
  virtual std::string expose() = 0;
};

std::unique_ptr<Metrics> make_metrics();

}  // namespace postern::telemetry
