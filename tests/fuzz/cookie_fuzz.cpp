// The Cookie fields of a request. A value that is taken is the only one of its name, and one we could have set.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/header/cookie.hpp"
#include "require.hpp"

namespace {

using namespace postern;
using namespace postern::http;

using Found = std::optional<std::string>;

// Each line is a field of its own.
Request request_of(std::string_view input) {
  Request request;
  for (;;) {
    const auto end = input.find('\n');
    request.fields.emplace_back("Cookie", input.substr(0, end));
    if (end == std::string_view::npos) return request;
    input.remove_prefix(end + 1);
  }
}

Found read_with(Request request, const std::string& more, bool first, bool secure) {
  const auto at = first ? request.fields.begin() : request.fields.end();
  request.fields.insert(at, {"cookie", more});
  return read_cookie(request, "session", secure);
}

void check(std::string_view input, bool secure) {
  const Request request = request_of(input);
  const auto found = read_cookie(request, "session", secure);
  const auto name = cookie_name("session", secure);
  if (!found) return;
  for (const char c : *found) {
    require(c > 0x20 && c < 0x7F && std::string_view("\",;\\").find(c) == std::string_view::npos, "a cookie's octets");
  }
  require(input.find(name + "=" + *found) != std::string_view::npos, "the value stands there under its name");
  for (const bool first : {true, false}) {
    require(!read_with(request, name + "=other", first, secure), "a second of the name is nobody's");
    require(!read_with(request, name + "=" + *found, first, secure), "the same value as well");
    const auto among = read_with(request, "x" + name + "=other", first, secure);
    require(!among || *among == *found, "another name changes nothing");
  }

  const auto set = set_cookie("session", *found, {.secure = secure});
  Request back;
  back.fields.emplace_back("Cookie", set.substr(0, set.find(';')));
  require(read_cookie(back, "session", secure) == found, "what was read can be set, and comes back");
  require(!read_cookie(back, "sessio", secure) && !read_cookie(back, "session", !secure), "under its own name only");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check(input, false);
  check(input, true);
  return 0;
}
