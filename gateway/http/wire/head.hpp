#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "http/fields.hpp"
#include "http/wire/request_line.hpp"

namespace postern::http {

// How the end of a message body is found (RFC 9112 section 6.3).
enum class Framing : std::uint8_t { none, content_length, chunked, until_close };

struct RequestHead {
  std::string_view method;
  std::string_view target;     // as received: origin-form, or absolute-form whose authority equals Host
  std::string_view authority;  // Host, checked, as received
  std::string_view path;       // of the target, still encoded; checked: starts with "/", no dot segment, no "//",
                               // no ";", no encoded separator or control byte, no percent error, UTF-8 when decoded
  std::string_view query;      // of the target, without "?"; empty when none
  int minor = 1;               // HTTP/1.<minor>: 0 or 1
  FieldBlock fields;
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;
  bool keep_alive = true;
  bool expect_continue = false;  // the client waits for 100 before it sends the body
};

struct ResponseHead {
  int status = 0;
  int minor = 1;
  FieldBlock fields;
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;  // without framing content_length: 0
  bool keep_alive = true;
};

enum class HeadKind : std::uint8_t { request, response };

// Finds the end of a head in a buffer that grows, without looking at a byte twice. Refuses as early as it can see that
// the head cannot become valid: a wrong byte in the request line, a bare LF or CR, a control byte, a target or head
// over its limit, too many lines, bytes that are no request line at all (a TLS hello, the HTTP/2 preface). Bytes above
// 0x7F are left to the scanners below. Not thread-safe.
class HeadFinder {
 public:
  explicit HeadFinder(const HeadLimits& limits, HeadKind kind = HeadKind::request) noexcept
      : limits_(limits), kind_(kind) {}

  // `buffer` holds everything received so far of this message. Yields the size of the complete head including the
  // empty line, 0 when more bytes are needed, or the fault: 400, 405, 414, 431, 501 or 505 for requests, 502 for
  // answers. After a size or a fault call reset() before the next message. The same bytes yield the same answer
  // however they are cut up.
  Result<std::size_t, HeadFault> feed(std::string_view buffer) noexcept;
  void reset() noexcept;

 private:
  std::optional<HeadFault> feed_start(std::string_view head) noexcept;
  Result<std::size_t, HeadFault> feed_fields(std::string_view head) noexcept;
  std::string_view name_at_fault(std::string_view head) const noexcept;

  HeadLimits limits_;
  HeadKind kind_;
  RequestLine request_line_;
  bool started_ = false;  // the start line is over (of an answer: its version was seen)
  std::size_t scanned_ = 0;
  std::size_t line_start_ = 0;
  std::size_t lines_ = 0;
};

// RFC 9112 sections 2 to 6, the strict reading: what nginx or HAProxy refuse is refused (reference: RFC 9112 section
// 11.2 request smuggling). `head` is exactly one complete head as HeadFinder found it. Unknown methods of upper-case
// letters, "-" and "_" are accepted up to 32 bytes; CONNECT, TRACE and TRACK are not. Two kinds of fields are left out
// of the result rather than refused, because honest proxies add them: one whose name holds "_", which CGI-like servers
// confuse with "-", and one whose value holds bytes above 0x7F (RFC 9110 section 5.5, obs-text), unless something here
// decides by it (http/header/deciding_fields.hpp), which is a fault. Both still count as fields towards the limit.
Result<RequestHead, HeadFault> scan_request_head(std::string_view head, const HeadLimits& limits) noexcept;

// The same for an answer of an upstream; `request_method` decides about bodies (RFC 9112 section 6.3: HEAD, 1xx, 204,
// 304 have none). Values may hold bytes above 0x7F. 101 is refused: no upgrade is ever asked for. Error text in
// HeadFault::reason; the status is 502.
Result<ResponseHead, HeadFault> scan_response_head(std::string_view head, std::string_view request_method,
                                                   const HeadLimits& limits) noexcept;

}  // namespace postern::http
