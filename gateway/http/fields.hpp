#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace postern::http {

// One header field. Both views point into the buffer the head was scanned from.
struct Field {
  std::string_view name;
  std::string_view value;  // without surrounding blanks
};

// What is refused, and how: the status, the `error` code of the answer's body, and a reason. These are static strings.
// After a HeadFault the connection is always closed: where the message ends is not known.
struct HeadFault {
  int status = 400;
  std::string_view error = "invalid_request";
  std::string_view reason;
  // The name of the header at fault as it was received, hence any bytes; points into the head. Empty when the fault is
  // not about one header. Shown by fault_text() only.
  std::string_view field;

  // As an aggregate it could be made from one number, and Result<std::size_t, HeadFault> could not.
  constexpr HeadFault() noexcept = default;
  constexpr HeadFault(int with_status, std::string_view with_error, std::string_view with_reason,
                      std::string_view with_field = {}) noexcept
      : status(with_status), error(with_error), reason(with_reason), field(with_field) {}
};

// The reason, followed by the name of the header at fault: "a NUL byte in a header (header: X-Note)". Only the part of
// the name that is a token (RFC 9110 section 5.6.2) is shown, and at most 64 bytes of it.
std::string fault_text(const HeadFault& fault);

// Result<T, HeadFault>::value() on a fault is a bug: std::logic_error.
[[noreturn]] void throw_exception_from_error(const HeadFault& fault, const boost::source_location& where);

struct HeadLimits {
  std::size_t head = 16 * 1024;  // bytes, start line and fields together
  std::size_t target = 8192;     // bytes
  std::size_t fields = 100;      // at most FieldBlock::kCapacity
};

// The fields of a head: a flat block of views without allocation, in the order received.
class FieldBlock {
 public:
  static constexpr std::size_t kCapacity = 128;

  FieldBlock() noexcept {}  // not defaulted: that would let FieldBlock{} zero the storage
  FieldBlock(const FieldBlock& other) noexcept;
  FieldBlock& operator=(const FieldBlock& other) noexcept;

  // False when full.
  bool push(Field field) noexcept;
  std::span<const Field> all() const noexcept {
    return {std::launder(reinterpret_cast<const Field*>(storage_)), size_};
  }
  // Name compared without case. The first of that name, or nullptr.
  const Field* find(std::string_view name) const noexcept;
  std::size_t count(std::string_view name) const noexcept;
  // The value of the only field of that name; nullopt when absent or repeated.
  std::optional<std::string_view> only(std::string_view name) const noexcept;

 private:
  // Room only: to clear or copy all of it would cost as much as scanning a small head.
  alignas(Field) std::byte storage_[kCapacity * sizeof(Field)];
  std::size_t size_ = 0;
};

}  // namespace postern::http
