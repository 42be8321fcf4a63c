#pragma once

#include <memory>
#include <optional>
#include <string>

#include "http/wire/chunked.hpp"
#include "upstream/address.hpp"
#include "upstream/input_buffer.hpp"
#include "upstream/upstream.hpp"

namespace postern::upstream {

// A request as it goes out. Shared, for a server may answer before it has taken all of it.
struct Outgoing {
  Request request;
  std::string head;
};

// One request on one connection: sends it, reads the head, hands out the body. Shared by the exchange and the coroutine
// that reads for it, either of which may go first.
class HttpConversation : public std::enable_shared_from_this<HttpConversation> {
 public:
  HttpConversation(Connection connection, const HttpUpstreamOptions& options, std::string authority);

  // Sends the request and reads the final answer's head.
  static awaitable<Result<void>> begin(std::shared_ptr<HttpConversation> self, std::shared_ptr<const Outgoing> outgoing,
                                       CancelSlot& slot);
  // The connection was used before, and ended before a byte of the answer: the server had given it up.
  bool was_stale(const Error& error) const noexcept;

  static awaitable<Result<std::string_view>> read_body(std::shared_ptr<HttpConversation> self);
  // Body bytes that need no waiting.
  Result<std::string_view> take();
  // Closes the connection; what is under way ends with `cancelled`.
  void abandon() noexcept;

  const http::ResponseHead& head() const noexcept { return head_; }
  const std::string& authority() const noexcept { return authority_; }
  bool finished() const noexcept { return finished_; }

 private:
  static awaitable<Result<void>> send(std::shared_ptr<HttpConversation> self, std::shared_ptr<const Outgoing> outgoing);
  static void send_beside(const std::shared_ptr<HttpConversation>& self, std::shared_ptr<const Outgoing> outgoing);
  static awaitable<Result<void>> read_head(std::shared_ptr<HttpConversation> self, std::string method);
  // True when a complete final head has come.
  Result<bool> scan_head(http::HeadFinder& finder, const std::string& method);
  Result<std::string_view> take_chunks();
  void finish() noexcept;
  std::chrono::milliseconds idle_time() const noexcept;
  Error fail_with(Error error) noexcept;

  Connection connection_;
  http::HeadLimits limits_;
  std::chrono::milliseconds response_timeout_;
  std::chrono::milliseconds stream_idle_timeout_;
  std::chrono::milliseconds idle_;
  std::chrono::milliseconds longest_idle_;
  std::string authority_;
  InputBuffer input_;
  std::string head_text_;  // what head_ points into
  http::ResponseHead head_;
  http::ChunkedDecoder chunks_;
  std::uint64_t remaining_ = 0;  // of a body with a length
  int informational_ = 0;
  bool answered_ = false;  // a byte of the answer has come
  bool sent_ = false;      // the whole request
  bool finished_ = false;
  std::optional<Error> failure_;
};

}  // namespace postern::upstream
