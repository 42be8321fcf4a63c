#pragma once

#include <functional>
#include <string>
#include <thread>

#include "app/commands/doctor/probe.hpp"

namespace postern::app {

// What an operator should know about the answer of the server behind to a plain GET; empty: it answers. The URL is
// shown without its query, which may hold a key. Any status is fine, since a server may refuse requests without a
// session, except 404: most likely the path was left out.
std::string advice_on_upstream(const std::string& whole, const doctor::Answer& answer);

// Asks the server behind once, on a thread of its own, for two seconds at most (a name that cannot be looked up may
// take longer), and calls `say` from there with the advice, if there is any. Destroying it waits for the end of that.
class UpstreamProbe {
 public:
  UpstreamProbe(std::string url, std::function<void(const std::string&)> say);

 private:
  std::jthread thread_;
};

}  // namespace postern::app
