#include "app/process/worker_threads.hpp"

#include <boost/asio/post.hpp>

namespace postern::app {

void WorkerThreads::start(ServingWorkers& workers) {
  running_.reserve(workers.size());  // once a thread runs, nothing may fail before it is noted here
  for (auto& each : workers) {
    auto& io = each->worker.io();
    running_.push_back({io, boost::asio::make_work_guard(io), std::thread([&io] { io.run(); })});
  }
}

void WorkerThreads::stop() {
  // Closed connections end their coroutines; what still waits for a pool is dropped with the context.
  for (auto& each : running_) {
    each.guard.reset();
    boost::asio::post(each.io, [&io = each.io] { io.stop(); });
  }
  for (auto& each : running_) each.thread.join();
  running_.clear();
}

}  // namespace postern::app
