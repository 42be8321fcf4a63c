#pragma once

#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "app/process/addresses.hpp"

namespace postern::app {

// One thread for each worker. For the control thread; the workers must outlive it.
class WorkerThreads {
 public:
  WorkerThreads() = default;
  ~WorkerThreads() { stop(); }
  WorkerThreads(const WorkerThreads&) = delete;
  WorkerThreads& operator=(const WorkerThreads&) = delete;

  // Runs the workers until stop(), whether they have something to do or not. std::system_error when the system gives no
  // more threads.
  void start(ServingWorkers& workers);
  // Lets the workers do what was posted to them before, and ends their threads.
  void stop();

 private:
  struct Running {
    boost::asio::io_context& io;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard;
    std::thread thread;
  };
  std::vector<Running> running_;
};

}  // namespace postern::app
