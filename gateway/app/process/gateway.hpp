#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/loading/loaded.hpp"
#include "base/result.hpp"

namespace postern::app {

// The running gateway: the process, the generation that it serves, and the threads that serve it. One per process.
class Gateway {
 public:
  // Opens the store, binds every listener and loads every certificate. The error is a sentence.
  static Result<std::unique_ptr<Gateway>> start(Loaded loaded);
  ~Gateway();

  // Serves until SIGTERM or SIGINT, then drains: no new connections, answers under way have 20 s to end.
  // A second signal cuts the 20 s short. Returns how many audit lines could not be written any more.
  std::size_t run();
  // host:port of each listener as it was bound, in the configuration's order.
  std::vector<std::string> addresses() const;

 private:
  struct Impl;
  explicit Gateway(std::unique_ptr<Impl> impl);
  static Result<std::unique_ptr<Gateway>> open(Loaded loaded);
  std::unique_ptr<Impl> impl_;
};

}  // namespace postern::app
