#include "idp/password_check.hpp"

#include <utility>

namespace postern::idp {
namespace {

constexpr std::size_t kLongestPassword = 1024;  // bytes; longer ones are wrong

}  // namespace

PasswordAnswer PasswordCheck::ask(PasswordQuestion question) {
  if (answer_ == PasswordAnswer::pending) {
    wanted_ = std::move(question);
    return answer_;
  }
  // The password was replaced meanwhile: what fitted then does not count.
  if (answer_ == PasswordAnswer::right && question.encoded != answered_for_) return PasswordAnswer::wrong;
  return answer_;
}

bool PasswordCheck::matches(const PasswordQuestion& question, const crypto::PasswordCost& cost) {
  if (question.password.reveal().size() > kLongestPassword) {
    crypto::verify_nothing(Secret(), cost);
    return false;
  }
  if (question.encoded.empty()) {
    crypto::verify_nothing(question.password, cost);
    return false;
  }
  return crypto::verify_password(question.password, question.encoded);
}

void PasswordCheck::bring(std::optional<bool> matched) {
  if (wanted_) answered_for_ = std::move(wanted_->encoded);
  wanted_.reset();
  if (!matched) {
    answer_ = PasswordAnswer::busy;
  } else {
    answer_ = *matched ? PasswordAnswer::right : PasswordAnswer::wrong;
  }
}

}  // namespace postern::idp
