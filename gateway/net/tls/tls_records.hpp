#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace postern::net {

inline constexpr std::size_t kLargestRecord = 16 * 1024;  // RFC 8446 section 5.1

// Cuts pieces into what one record holds, joining small ones so that a head and its body leave together. The pieces
// must stay alive.
class TlsRecords {
 public:
  explicit TlsRecords(std::span<const std::string_view> pieces) : pieces_(pieces) {}

  // Valid until the next call; empty at the end.
  std::string_view next() {
    skip_empty();
    if (pieces_.empty()) return {};
    if (pieces_.size() == 1 || front().size() >= kLargestRecord) return take(kLargestRecord);
    if (!joined_) joined_ = std::make_unique_for_overwrite<char[]>(kLargestRecord);
    std::size_t size = 0;
    while (!pieces_.empty() && size < kLargestRecord) {
      const std::string_view part = take(kLargestRecord - size);
      std::memcpy(joined_.get() + size, part.data(), part.size());
      size += part.size();
      skip_empty();
    }
    return {joined_.get(), size};
  }

 private:
  std::string_view front() const { return pieces_.front().substr(taken_); }
  std::string_view take(std::size_t most) {
    const std::string_view part = front().substr(0, most);
    taken_ += part.size();
    return part;
  }
  void skip_empty() {
    while (!pieces_.empty() && taken_ == pieces_.front().size()) {
      pieces_ = pieces_.subspan(1);
      taken_ = 0;
    }
  }

  std::span<const std::string_view> pieces_;
  std::size_t taken_ = 0;  // of the first piece
  std::unique_ptr<char[]> joined_;
};

}  // namespace postern::net
