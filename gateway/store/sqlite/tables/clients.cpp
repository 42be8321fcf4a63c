#include "store/sqlite/tables/clients.hpp"

#include <algorithm>
#include <utility>

#include "store/sqlite/connection/query.hpp"
#include "store/sqlite/tables/rows.hpp"
#include "store/sqlite/tables/steps.hpp"
#include "store/sqlite/tables/unused_clients.hpp"

namespace postern::store::sqlite {
namespace {

Client read_whole_client(Statement& row) { return read_client(row); }

// The registration counts as use: a row about to be purged must not be handed out again and then go.
Result<std::optional<Client>> find_equal(Connection& db, const Client& client, Time used_at) {
  static const std::string select =
      std::string("SELECT ") + kClientColumns + " FROM clients c WHERE c.fingerprint = ?1 AND c.fingerprint <> x''";
  const auto used = run(db,
                        "UPDATE clients SET last_used_at = max(last_used_at, ?2) "
                        "WHERE fingerprint = ?1 AND fingerprint <> x''",
                        Blob{client.fingerprint}, used_at);
  if (!used) return used.error();
  if (*used == 0) return std::nullopt;
  return first(db, read_whole_client, select, Blob{client.fingerprint});
}

Time used_at(const Client& client) { return std::max(client.created_at, client.last_used_at); }

Result<Client> insert(Connection& db, const Client& client) {
  const auto added =
      run(db,
          "INSERT INTO clients (id, name, auth, secret_hash, redirect_uris, grant_types, application_type, client_uri, "
          "scope, dynamic, fingerprint, created_at, last_used_at, issuer, jwks, jwks_uri, tenant, role, resource, "
          "introspects) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
          client.id, client.name, static_cast<int>(client.auth), Blob{client.secret_hash},
          to_json(client.redirect_uris), to_json(client.grant_types), client.application_type, client.client_uri,
          client.scope, client.dynamic, Blob{client.fingerprint}, client.created_at, used_at(client), client.issuer,
          client.jwks, client.jwks_uri, client.tenant, client.role, client.resource, to_json(client.introspects));
  if (!added) return added.error();
  Client stored = client;
  stored.last_used_at = used_at(client);
  return stored;
}

}  // namespace

Result<Client> Clients::add(const Client& client) {
  return writes_.write([&](Transaction& transaction) -> Result<Client> {
    const auto equal = find_equal(transaction.db, client, used_at(client));
    if (!equal) return equal.error();
    if (*equal) return **equal;
    return insert(transaction.db, client);
  });
}

Result<Registered> Clients::register_client(const Registration& registration) {
  return writes_.write([&](Transaction& transaction) -> Result<Registered> {
    const Client& client = registration.client;
    const UnusedPlace place = place_of(registration.networks);
    const auto equal = find_equal(transaction.db, client, used_at(client));
    if (!equal) return equal.error();
    if (*equal) {
      if (auto done = registered_again(transaction.db, (**equal).id, place, used_at(client)); !done)
        return done.error();
      return Registered{**equal, 0};
    }
    const auto gave_way = make_room(transaction.db, used_at(client), registration.most_unused);
    if (!gave_way) return gave_way.error();
    auto added = insert(transaction.db, client);
    if (!added) return added.error();
    if (auto done = add_unused(transaction.db, client.id, place, used_at(client)); !done) return done.error();
    return Registered{std::move(*added), *gave_way};
  });
}

Result<void> Clients::keep_under_way(std::string_view id, Time now, std::size_t most_unused) {
  const auto kept_until = readers_.read([&](Connection& db) {
    return first(db, read_integer, "SELECT kept_until FROM unused_clients WHERE client = ?1", id);
  });
  if (!kept_until) return kept_until.error();
  if (!*kept_until || from_millis(**kept_until) >= now + kUnderWayLeft) return {};
  return writes_.write([&](Transaction& transaction) { return keep_unused(transaction.db, id, now, most_unused); });
}

Result<std::optional<Client>> Clients::find(std::string_view id) {
  static const std::string sql = std::string("SELECT ") + kClientColumns + " FROM clients c WHERE c.id = ?1";
  return readers_.read([&](Connection& db) { return first(db, read_whole_client, sql, id); });
}

Result<std::vector<Client>> Clients::list() {
  static const std::string sql =
      std::string("SELECT ") + kClientColumns + " FROM clients c ORDER BY c.created_at, c.id";
  return readers_.read([&](Connection& db) { return all(db, read_whole_client, sql); });
}

Result<void> Clients::set_secret(std::string_view id, std::string_view secret_hash) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    const auto set = run(transaction.db, "UPDATE clients SET secret_hash = ?2 WHERE id = ?1", id, Blob{secret_hash});
    if (auto found = require_found(set, "client"); !found) return found;
    return transaction.note(ChangeKind::client, id);
  });
}

Result<void> Clients::remove(std::string_view id) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    const auto removed = run(transaction.db, "DELETE FROM clients WHERE id = ?1", id);
    if (auto found = require_found(removed, "client"); !found) return found;
    if (auto revoked = revoke_grants(transaction, transaction.now, "client removed", "client = ?3", id); !revoked)
      return revoked;
    return transaction.note(ChangeKind::client, id);
  });
}

// The primary key makes the use single, in any number of processes.
Result<void> Clients::use_once(std::string_view hash, Time until) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    const auto used =
        run(transaction.db, "INSERT INTO used_once (hash, expires_at) VALUES (?1, ?2)", Blob{hash}, until);
    if (!used && used.error().code == Errc::conflict) return fail(Errc::conflict, "it was used before");
    return require_done(used);
  });
}

}  // namespace postern::store::sqlite
