#pragma once

#include <memory>
#include <string>

#include "store/sqlite/clients.hpp"
#include "store/sqlite/grants.hpp"
#include "store/sqlite/keys.hpp"
#include "store/sqlite/options.hpp"
#include "store/sqlite/readers.hpp"
#include "store/sqlite/tenants.hpp"
#include "store/sqlite/usage.hpp"
#include "store/sqlite/users.hpp"
#include "store/sqlite/writer.hpp"
#include "store/store.hpp"

namespace postern::store::sqlite {

// A store in one SQLite file on a local disk, shared by the processes of one machine.
class SqliteStore final : public Store {
 public:
  // `connection` comes from open_writer() for the same path.
  SqliteStore(const std::string& path, const Options& options, Connection connection)
      : writer_(path, options, std::move(connection)), readers_(path, options) {}

  UserStore& users() override { return users_; }
  TenantStore& tenants() override { return tenants_; }
  ClientStore& clients() override { return clients_; }
  GrantStore& grants() override { return grants_; }
  KeyStore& keys() override { return keys_; }
  UsageStore& usage() override { return usage_; }

  Result<std::vector<Change>> changes_since(std::int64_t sequence) override;
  Result<std::int64_t> newest_change() override;
  void on_change(std::function<void(const std::vector<Change>&)> listener) override;
  Result<void> purge(Time now) override;
  Result<void> ping() override;

 private:
  // The readers go first, so that the writer's connection closes last and empties the log.
  Writer writer_;
  Readers readers_;
  Users users_{writer_, readers_};
  Tenants tenants_{writer_, readers_};
  Clients clients_{writer_, readers_};
  Grants grants_{writer_, readers_};
  Keys keys_{writer_, readers_};
  Usage usage_{writer_, readers_};
};

// As open_store(), with everything a test may move.
Result<OpenedStore> open(const std::string& path, const Options& options);

}  // namespace postern::store::sqlite
