#include <algorithm>

#include "http/characters.hpp"
#include "http/wire/fault.hpp"
#include "http/wire/head.hpp"

namespace postern::http {
namespace {

constexpr std::string_view kAnswerStart = "HTTP/1.";

HeadFault byte_fault(char c, std::string_view field) noexcept {
  if (c == '\n') return bad_request("a bare line feed in the head", field);
  if (c == '\0') return bad_request("a NUL byte in the head", field);
  return bad_request("a control byte in the head", field);
}

}  // namespace

Result<std::size_t, HeadFault> HeadFinder::feed(std::string_view buffer) noexcept {
  const auto head = buffer.substr(0, limits_.head);
  Result<std::size_t, HeadFault> end = 0;
  if (!started_) {
    if (const auto fault = feed_start(head)) end = *fault;
  }
  if (started_ && end) end = feed_fields(head);
  if (end && *end == 0 && buffer.size() >= limits_.head) {
    end = !started_ && request_line_.in_target() ? target_too_long() : head_too_large("the head is too large");
  }
  if (!end && kind_ == HeadKind::response) {
    return bad_gateway(end.error().reason, end.error().field);
  }
  return end;
}

void HeadFinder::reset() noexcept { *this = HeadFinder(limits_, kind_); }

std::optional<HeadFault> HeadFinder::feed_start(std::string_view head) noexcept {
  if (kind_ == HeadKind::request) {
    const auto fault = request_line_.feed(head, limits_);
    if (fault || !request_line_.done()) return fault;
    scanned_ = request_line_.size();
    line_start_ = scanned_;
    started_ = true;
    return std::nullopt;
  }
  for (; scanned_ < std::min(head.size(), kAnswerStart.size()); ++scanned_) {
    if (head[scanned_] != kAnswerStart[scanned_]) return bad_request("no HTTP/1 answer");
  }
  started_ = scanned_ == kAnswerStart.size();
  return std::nullopt;
}

// Of the field line that is being read; empty in a status line, and while the name's colon has not come.
std::string_view HeadFinder::name_at_fault(std::string_view head) const noexcept {
  if (kind_ == HeadKind::response && lines_ == 0) return {};
  const auto line = head.substr(line_start_, scanned_ - line_start_);
  const auto colon = line.find(':');
  return colon == std::string_view::npos ? std::string_view() : line.substr(0, colon);
}

Result<std::size_t, HeadFault> HeadFinder::feed_fields(std::string_view head) noexcept {
  const bool answer = kind_ == HeadKind::response;
  const std::size_t most_lines = std::min(limits_.fields, FieldBlock::kCapacity) + (answer ? 1 : 0);
  for (;;) {
    scanned_ = find_unprintable<true>(head, scanned_);
    if (scanned_ == head.size()) return 0;
    const char c = head[scanned_];
    if (c == '\t') {
      ++scanned_;
      continue;
    }
    if (c != '\r') return byte_fault(c, name_at_fault(head));
    if (scanned_ + 1 == head.size()) return 0;  // the CR is looked at again together with what follows it
    if (head[scanned_ + 1] != '\n') return bad_request("a bare carriage return in the head", name_at_fault(head));
    const bool empty_line = scanned_ == line_start_;
    scanned_ += 2;
    if (empty_line) return scanned_;
    line_start_ = scanned_;
    if (++lines_ > most_lines) return head_too_large("too many header fields");
  }
}

}  // namespace postern::http
