#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace postern {

// A string that must never be printed. It has no stream operator and no formatter, so logging one does not compile;
// reveal() marks each place where the value is really used. The bytes are wiped when it goes.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  Secret(const Secret&) = default;
  Secret& operator=(const Secret& other);
  Secret(Secret&& other) noexcept : value_(std::exchange(other.value_, {})) {}
  Secret& operator=(Secret&& other) noexcept;
  ~Secret();

  std::string_view reveal() const noexcept { return value_; }
  bool empty() const noexcept { return value_.empty(); }

 private:
  void wipe() noexcept;

  std::string value_;
};

}  // namespace postern
