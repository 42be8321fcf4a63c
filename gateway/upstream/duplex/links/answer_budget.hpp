#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <string>

namespace postern::upstream {

// Bytes of answers that wait for clients to read them, of all servers behind a hub: what keeps many clients that read
// slowly, each within its own limit, from filling the memory together, and one user from having all of it. Thread-safe.
class AnswerBudget {
 public:
  // A pipe's first bytes need no place here: these are bounded by the number of connections.
  static constexpr std::size_t kFree = 64 * 1024;

  AnswerBudget(std::size_t bytes, std::size_t per_user) noexcept : left_(bytes), per_user_(per_user) {}

  // False when that would be more than there is, or than a user may hold.
  bool take(const std::string& user, std::size_t bytes);
  void give(const std::string& user, std::size_t bytes);

 private:
  std::mutex mutex_;
  std::size_t left_;
  const std::size_t per_user_;
  std::map<std::string, std::size_t> held_;
};

}  // namespace postern::upstream
