#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/secret.hpp"
#include "crypto/password.hpp"

namespace postern::idp {

// A password and the hash that it has to fit. An empty hash is that of no user; checking it takes as long.
struct PasswordQuestion {
  Secret password;
  std::string encoded;  // PHC string
  // Not empty: asked by a browser or a network that has signed in to this account before. It waits among its like,
  // which take turns by this name, rather than among strangers.
  std::string familiar{};
};

enum class PasswordAnswer : std::uint8_t {
  pending,  // noted: hash, and run the page again
  right,
  wrong,
  busy,  // too many wait, so that it was not looked at
};

// The one password that a request brought. Pages run on a pool of the store and do not hash, since that would keep
// pages that need no password waiting: the question is noted, and the caller of the page has it answered on a pool for
// passwords, drops the page's response, and runs it again. So a page asks before it changes anything. Not thread-safe:
// one of them for each request.
class PasswordCheck {
 public:
  explicit PasswordCheck(crypto::PasswordCost cost = {}) : cost_(cost) {}

  PasswordAnswer ask(PasswordQuestion question);

  // Noted and not answered yet: what the page said does not count.
  const std::optional<PasswordQuestion>& wanted() const noexcept { return wanted_; }
  // Blocks for the hash: runs on a pool for passwords.
  static bool matches(const PasswordQuestion& question, const crypto::PasswordCost& cost);
  const crypto::PasswordCost& cost() const noexcept { return cost_; }
  // nullopt: there was no place to have it hashed.
  void bring(std::optional<bool> matched);

 private:
  crypto::PasswordCost cost_;  // of hashing for nobody
  std::optional<PasswordQuestion> wanted_;
  std::string answered_for_;  // the hash
  PasswordAnswer answer_ = PasswordAnswer::pending;
};

}  // namespace postern::idp
