#pragma once

#include "store/sqlite/database/readers.hpp"
#include "store/sqlite/database/writes.hpp"
#include "store/store.hpp"

namespace postern::store::sqlite {

class Users final : public UserStore {
 public:
  Users(Writes& writes, Readers& readers) : writes_(writes), readers_(readers) {}

  Result<void> add(const User& user) override;
  Result<std::optional<User>> find(std::string_view key) override;
  Result<std::vector<User>> list() override;
  Result<void> set_password(std::string_view key, std::string_view hash) override;
  Result<void> set_disabled(std::string_view key, bool disabled) override;

  Result<void> sign_in_elsewhere(const User& user, const std::vector<Membership>& memberships) override;
  Result<void> add_session(const SignInSession& session) override;
  Result<std::optional<SignInSession>> find_session(std::string_view hash, Time now) override;
  Result<void> remove_session(std::string_view hash) override;

  Result<int> count_failure(const std::vector<std::string>& keys, Time now, Duration window) override;
  Result<int> failures(const std::vector<std::string>& keys, Time now, Duration window) override;
  Result<void> clear_failures(const std::vector<std::string>& keys) override;
  Result<void> remember_network(std::string_view user, std::string_view hash, Time now) override;
  Result<bool> knows_network(std::string_view user, std::string_view hash, Time now) override;

 private:
  Writes& writes_;
  Readers& readers_;
};

}  // namespace postern::store::sqlite
