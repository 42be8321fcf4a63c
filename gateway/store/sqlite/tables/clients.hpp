#pragma once

#include "store/sqlite/database/readers.hpp"
#include "store/sqlite/database/writes.hpp"
#include "store/store.hpp"

namespace postern::store::sqlite {

class Clients final : public ClientStore {
 public:
  Clients(Writes& writes, Readers& readers) : writes_(writes), readers_(readers) {}

  Result<Client> add(const Client& client) override;
  Result<Registered> register_client(const Registration& registration) override;
  Result<void> keep_under_way(std::string_view id, Time now, std::size_t most_unused) override;
  Result<std::optional<Client>> find(std::string_view id) override;
  Result<std::vector<Client>> list() override;
  Result<void> set_secret(std::string_view id, std::string_view secret_hash) override;
  Result<void> remove(std::string_view id) override;
  Result<void> use_once(std::string_view hash, Time until) override;

 private:
  Writes& writes_;
  Readers& readers_;
};

}  // namespace postern::store::sqlite
