#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "base/result.hpp"
#include "http/message.hpp"

namespace postern::app::doctor {

struct Ask {
  std::string method = "GET";
  std::string url;
  http::Headers headers{};  // but for Host and framing
  std::string body{};
  // Asked with what came of the body so far, first with nothing once the head is there: true ends the reading. Streams
  // of events have no end to wait for.
  std::function<bool(std::string_view)> enough{};
};

// Why there is no answer. In the order of what comes first.
enum class Trouble { none, url, name, connection, certificate, tls, timed_out, http, too_large, out_of_time };

struct Answer {
  Trouble trouble = Trouble::none;
  std::string why{};  // of a trouble: the end of a sentence
  int status = 0;
  std::vector<std::pair<std::string, std::string>> fields{};
  std::string body{};

  bool came() const noexcept { return trouble == Trouble::none; }
  // The first field of that name, names without case; empty when there is none.
  std::string_view header(std::string_view name) const noexcept;
  bool has(std::string_view name) const noexcept;
};

// One request at a time; redirects are not followed. Not thread-safe.
class Prober {
 public:
  virtual ~Prober() = default;
  // Blocks. Never fails otherwise than by a trouble in the answer.
  virtual Answer ask(const Ask& ask) = 0;
  // All addresses of a host, which may be an address itself. Blocks. unavailable: there is no such name.
  virtual Result<std::vector<boost::asio::ip::address>> addresses_of(const std::string& host) = 0;
};

struct ProberOptions {
  std::string authorities;  // PEM; empty: those of the system
  bool plain_http = false;  // http:// to other machines, too
  std::chrono::milliseconds each{10'000};
  std::chrono::milliseconds whole{120'000};  // all requests together; after that each is `out_of_time`
  std::size_t body = 1024 * 1024;            // bytes at most
};

// Over the network. The error is about the authorities.
Result<std::unique_ptr<Prober>> make_prober(ProberOptions options);

}  // namespace postern::app::doctor
