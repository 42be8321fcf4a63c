#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::http {

// Headers we write. set() and add() take only legal field names and values (RFC 9110 section 5.5: visible ASCII,
// blanks, tabs, no line end), so no value can split a message; they return false and change nothing otherwise.
class Headers {
 public:
  bool set(std::string_view name, std::string_view value);  // replaces every field of that name
  bool add(std::string_view name, std::string_view value);
  std::optional<std::string_view> get(std::string_view name) const noexcept;  // the first; names without case
  const std::vector<std::pair<std::string, std::string>>& all() const noexcept { return fields_; }
  void erase(std::string_view name);

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

bool is_token(std::string_view text) noexcept;        // RFC 9110 section 5.6.2
bool is_field_value(std::string_view text) noexcept;  // printable ASCII, blank, tab; no leading or trailing blank

// A request whose body was read whole, with everything owned: what endpoint functions get. The values were checked by
// the head scanner. Endpoint functions run on other threads than the connection.
struct Request {
  std::string method;
  std::string path;   // percent-decoded; safe: the scanner refused encoded separators
  std::string query;  // still encoded
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  std::string peer;    // address the limits count, without port: the client, behind trusted proxies too
  std::string origin;  // scheme://authority of the listener's public side this request came to
  std::string request_id;

  // The first field of that name, compared without case.
  std::optional<std::string_view> header(std::string_view name) const noexcept;
  std::size_t header_count(std::string_view name) const noexcept;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
};

// Answers everybody needs. `cache` is the Cache-Control value.
Response json_response(int status, std::string body, std::string_view cache = "no-store");
Response text_response(int status, std::string body);
// 303 See Other (RFC 9700 section 4.12), no-store; 500 when the location is no legal field value.
Response redirect_response(std::string_view location);

// "Not Found" for 404; "Status" for a code without a name.
std::string_view reason_phrase(int status) noexcept;

}  // namespace postern::http
