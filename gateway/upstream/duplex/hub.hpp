#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "telemetry/log.hpp"
#include "upstream/duplex/duplex_server.hpp"
#include "upstream/duplex/links/answer_budget.hpp"
#include "upstream/upstream.hpp"

namespace postern::upstream {

// The thread on which all duplex channels of the process live, because a client's connections land on different workers
// and its session must be found from each. Must outlive the workers. Thread-safe but for stop().
class DuplexHub {
 public:
  // `child_files`: the soft limit of open files for programs; 0: that of the gateway.
  explicit DuplexHub(telemetry::Log& log, std::size_t child_files = 0);
  ~DuplexHub();
  DuplexHub(const DuplexHub&) = delete;
  DuplexHub& operator=(const DuplexHub&) = delete;

  // The server of that name as one worker sees it: an Upstream that runs on `worker`. The first call for a name decides
  // its options; nothing is started before the first request.
  std::unique_ptr<Upstream> upstream(boost::asio::any_io_executor worker, const DuplexOptions& options);

  // Ends every session and process, the orderly way first, and the thread; takes some seconds at most. Later requests
  // are not answered: the workers are to end now too.
  void stop();

  // Processes of that server, or connections to it, that run now; 0 for one that no upstream() was made for.
  std::size_t running(const std::string& name);

 private:
  bool idle();

  telemetry::Log& log_;
  const std::size_t child_files_;
  std::shared_ptr<AnswerBudget> budget_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<DuplexServer>> servers_;
  std::thread thread_;
};

}  // namespace postern::upstream
