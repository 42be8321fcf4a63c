#pragma once

#include <memory>
#include <string>

#include "store/sqlite/connection/options.hpp"
#include "store/sqlite/database/readers.hpp"
#include "store/sqlite/database/writer.hpp"
#include "store/sqlite/files/store_files.hpp"
#include "store/sqlite/tables/clients.hpp"
#include "store/sqlite/tables/grants.hpp"
#include "store/sqlite/tables/keys.hpp"
#include "store/sqlite/tables/tenants.hpp"
#include "store/sqlite/tables/usage.hpp"
#include "store/sqlite/tables/users.hpp"
#include "store/store.hpp"

namespace postern::store::sqlite {

// Every facet, on one way to write and one to read.
struct FacetSet {
  FacetSet(Writes& writes, Readers& readers)
      : users(writes, readers),
        tenants(writes, readers),
        clients(writes, readers),
        grants(writes, readers),
        keys(writes, readers),
        usage(writes, readers) {}

  Users users;
  Tenants tenants;
  Clients clients;
  Grants grants;
  Keys keys;
  Usage usage;
};

// A store in one SQLite file on a local disk, shared by the processes of one machine.
class SqliteStore final : public Store {
 public:
  // `connection` comes from open_writer() for the path of `files`.
  SqliteStore(std::shared_ptr<StoreFiles> files, const Options& options, Connection connection)
      : writer_(files, options, std::move(connection)), readers_(files, options) {}

  UserStore& users() override { return facets_.users; }
  TenantStore& tenants() override { return facets_.tenants; }
  ClientStore& clients() override { return facets_.clients; }
  GrantStore& grants() override { return facets_.grants; }
  KeyStore& keys() override { return facets_.keys; }
  UsageStore& usage() override { return facets_.usage; }
  std::unique_ptr<Facets> reading(ReadingPass& pass) override;

  Result<std::vector<Change>> changes_since(std::int64_t sequence) override;
  Result<std::int64_t> newest_change() override;
  void on_change(std::function<void(const std::vector<Change>&)> listener) override;
  Result<void> purge(Time now) override;
  Result<void> keep_time(const KeptTime& time) override;
  Result<std::optional<KeptTime>> kept_time() override;
  Result<void> ping() override;
  std::string fault() const override { return writer_.fault(); }
  void on_fault(std::function<void(const std::string&)> listener) override;

 private:
  // The readers go first, so that the writer's connection closes last and empties the log.
  Writer writer_;
  Readers readers_;
  FacetSet facets_{writer_, readers_};
};

// As open_store(), with everything a test may move.
Result<OpenedStore> open(const std::string& path, const Options& options);

}  // namespace postern::store::sqlite
