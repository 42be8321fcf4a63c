// The path and the query of a request target. What may be routed has one reading, whoever decodes it and however.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "http/form.hpp"
#include "http/url/target.hpp"
#include "http/url/url.hpp"
#include "http/wire/head.hpp"
#include "require.hpp"

namespace {

using namespace postern;
using namespace postern::http;

bool is_dots(std::string_view name) { return name == "." || name == ".."; }

// A server that decodes first and splits then must see the segments of one that splits first.
void check_segments(std::string_view path) {
  const auto decoded = percent_decode(path);
  require(decoded.has_value(), "a path that may be routed can be decoded");
  require(is_valid_utf8(*decoded), "it is text");
  for (const char c : *decoded)
    require(c < 0 || (c >= 0x20 && c != 0x7F && c != '\\'), "no control byte, no backslash");
  const auto plain = split(path, '/');
  const auto after = split(*decoded, '/');
  require(plain.size() == after.size(), "decoding makes no segment");
  for (std::size_t i = 1; i < after.size(); ++i) {
    require(percent_decode(plain[i]) == std::string(after[i]), "nor moves one");
    const auto name = after[i].substr(0, after[i].find(';'));
    require(!is_dots(after[i]) && !is_dots(name), "no segment climbs");
    require(!name.empty() || (after[i].empty() && i + 1 == after.size()), "only the last segment may be empty");
  }
}

// Encoded again from what it means, it is still one that may be routed, with the same meaning.
void check_encoded_again(std::string_view path) {
  std::string again;
  for (const auto segment : split(path.substr(1), '/')) again += "/" + percent_encode(percent_decode(segment).value());
  require(path_fault(again).empty(), "another spelling of a good path is good");
  require(percent_decode(again) == percent_decode(path), "and means the same");
}

void check_path(std::string_view path) {
  const bool good = path_fault(path).empty();
  // The resource of a token and the target of a request are judged alike.
  const bool plain = path.starts_with('/') && path.find_first_of("?#") == std::string_view::npos;
  if (plain) {
    require(canonical_resource("https://h.test" + std::string(path)).has_value() == good,
            "a path that may be routed is one that a resource may have");
  }
  if (!good) return;
  require(plain, "a path begins with a slash and ends before the query");
  check_segments(path);
  check_encoded_again(path);
}

void check_query(std::string_view query) {
  if (!query_fault(query).empty()) return;
  const auto decoded = percent_decode(query);
  require(decoded.has_value() && decoded->find('\0') == std::string::npos, "a query can be decoded and holds no NUL");
  require(query.find_first_of("# \\\"<>\r\n\t") == std::string_view::npos, "nor what ends it for others");
}

void check_target(std::string_view input) {
  const std::string text = "GET " + std::string(input) + " HTTP/1.1\r\nHost: h.test\r\n\r\n";
  const auto head = scan_request_head(text, {});
  if (!head) return;
  require(head->target == input, "the target is what stands between the blanks");
  require(path_fault(head->path).empty() && query_fault(head->query).empty(), "and can be routed");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_path(input);
  check_query(input);
  check_target(input);
  return 0;
}
