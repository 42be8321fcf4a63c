#pragma once

#include "store/sqlite/database/readers.hpp"
#include "store/sqlite/database/writes.hpp"
#include "store/store.hpp"

namespace postern::store::sqlite {

class Usage final : public UsageStore {
 public:
  Usage(Writes& writes, Readers& readers) : writes_(writes), readers_(readers) {}

  Result<void> add(const std::vector<GrantUse>& uses) override;
  Result<std::map<std::string, std::int64_t>> calls_of(std::string_view user, Time since) override;
  Result<void> put_check(const ToolCheck& check) override;
  Result<std::map<std::string, ToolCheck>> checks_of(std::string_view user) override;

 private:
  Writes& writes_;
  Readers& readers_;
};

}  // namespace postern::store::sqlite
