#pragma once

#include "store/sqlite/database/readers.hpp"
#include "store/sqlite/database/writes.hpp"
#include "store/store.hpp"

namespace postern::store::sqlite {

class Keys final : public KeyStore {
 public:
  Keys(Writes& writes, Readers& readers) : writes_(writes), readers_(readers) {}

  Result<std::vector<SigningKey>> list(std::string_view issuer) override;
  Result<void> add_first(const SigningKey& key) override;
  Result<void> add_next(const SigningKey& key, Time now) override;
  Result<void> replace(const SigningKey& key) override;
  Result<void> raise_token_life(std::string_view issuer, Duration life) override;
  Result<void> raise_tokens_until(std::string_view id, Time until) override;

 private:
  Writes& writes_;
  Readers& readers_;
};

}  // namespace postern::store::sqlite
