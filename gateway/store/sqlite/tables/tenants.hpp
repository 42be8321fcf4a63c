#pragma once

#include "store/sqlite/database/readers.hpp"
#include "store/sqlite/database/writes.hpp"
#include "store/store.hpp"

namespace postern::store::sqlite {

class Tenants final : public TenantStore {
 public:
  Tenants(Writes& writes, Readers& readers) : writes_(writes), readers_(readers) {}

  Result<std::int64_t> apply(const TenantEdits& edits) override;
  Result<std::optional<Tenant>> find(std::string_view handle) override;
  Result<std::vector<Tenant>> list() override;
  Result<void> remove(std::string_view handle) override;
  Result<void> remove_member(std::string_view user, std::string_view tenant) override;
  Result<std::optional<Membership>> membership(std::string_view user, std::string_view tenant) override;
  Result<std::vector<Membership>> memberships_of(std::string_view user) override;
  Result<std::vector<Membership>> members_of(std::string_view tenant) override;

 private:
  Writes& writes_;
  Readers& readers_;
};

}  // namespace postern::store::sqlite
