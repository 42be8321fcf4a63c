#pragma once

#include "store/sqlite/database/readers.hpp"
#include "store/sqlite/database/writes.hpp"
#include "store/store.hpp"

namespace postern::store::sqlite {

// grants.cpp: consents, grants and their end; tokens.cpp: codes and tokens; step_ups.cpp: challenges for more scope.
class Grants final : public GrantStore {
 public:
  Grants(Writes& writes, Readers& readers) : writes_(writes), readers_(readers) {}

  Result<void> approve(const Approval& approval) override;
  Result<void> refuse(const Denial& denial) override;
  Result<void> add_minted(const Grant& grant, const AccessToken& token) override;

  Result<std::optional<CodeLookup>> find_code(std::string_view hash) override;
  Result<int> count_code_failure(std::string_view hash) override;
  Result<void> redeem_code(std::string_view hash, const NewTokens& tokens, Time now) override;

  Result<std::optional<RefreshLookup>> find_refresh(std::string_view hash) override;
  Result<void> rotate_refresh(std::string_view hash, const NewTokens& tokens, std::string_view successor_sealed,
                              Time now) override;
  Result<void> add_access(const AccessToken& token, Time now) override;

  Result<std::optional<AccessLookup>> find_access(std::string_view hash) override;
  Result<std::optional<Grant>> find_grant(std::string_view id) override;
  Result<std::vector<Grant>> list(const GrantFilter& filter) override;
  Result<void> revoke(std::string_view grant, std::string_view reason, Time now) override;
  Result<void> revoke_access(std::string_view hash) override;
  Result<void> touch(std::string_view grant, Time now) override;

  Result<void> mark_step_up(std::string_view grant, const StepUp& step_up) override;
  Result<bool> take_step_up(std::string_view grant, Time now) override;
  Result<std::vector<std::string>> wanted_by_token(std::string_view hash, std::string_view resource, Time now) override;
  Result<PendingStepUp> wanted_between(const Parties& parties, Time now) override;

 private:
  Writes& writes_;
  Readers& readers_;
};

Result<void> insert_access(Connection& db, const AccessToken& token);
Result<void> settle_step_ups(Connection& db, const Parties& parties, const std::vector<std::string>& scopes);

}  // namespace postern::store::sqlite
