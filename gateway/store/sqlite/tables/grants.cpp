#include "store/sqlite/tables/grants.hpp"

#include "store/sqlite/connection/query.hpp"
#include "store/sqlite/tables/rows.hpp"
#include "store/sqlite/tables/steps.hpp"
#include "store/sqlite/tables/unused_clients.hpp"

namespace postern::store::sqlite {
namespace {

Grant read_whole_grant(Statement& row) { return read_grant(row); }

// The primary key makes the decision single: the second one fails.
Result<void> decide(Transaction& transaction, std::string_view consent_id, Time expires_at) {
  const auto decided =
      run(transaction.db, "INSERT INTO consents (id, expires_at) VALUES (?1, ?2)", Blob{consent_id}, expires_at);
  if (!decided && decided.error().code == Errc::conflict)
    return fail(Errc::conflict, "this consent was decided before");
  return require_done(decided);
}

Result<void> insert_grant(Connection& db, const Grant& grant) {
  if (auto used = client_is_used(db, grant.client); !used) return used;
  return require_done(
      run(db,
          "INSERT INTO grants (id, kind, user, tenant, client, resource, scopes, created_at, expires_at, "
          "last_used_at, narrowed, name) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
          grant.id, static_cast<int>(grant.kind), grant.user, grant.tenant, grant.client, grant.resource,
          to_json(grant.scopes), grant.created_at, grant.expires_at, grant.last_used_at, grant.narrowed, grant.name));
}

Result<void> insert_code(Connection& db, const Code& code) {
  return require_done(run(db,
                          "INSERT INTO codes (hash, grant_id, client, redirect_uri, challenge, expires_at) "
                          "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                          Blob{code.hash}, code.grant, code.client, code.redirect_uri, code.challenge,
                          code.expires_at));
}

Result<void> mark_client_used(Connection& db, std::string_view client, Time at) {
  return require_done(run(db, "UPDATE clients SET last_used_at = max(last_used_at, ?2) WHERE id = ?1", client, at));
}

}  // namespace

Result<void> Grants::approve(const Approval& approval) {
  const Grant& grant = approval.grant;
  if (approval.code.grant != grant.id) return fail(Errc::invalid, "the code is not of this grant");
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    if (auto decided = decide(transaction, approval.consent_id, approval.consent_expires_at); !decided) return decided;
    if (auto enabled = require_enabled(transaction, grant.user); !enabled) return enabled;
    if (auto added = insert_grant(transaction.db, grant); !added) return added;
    if (auto added = insert_code(transaction.db, approval.code); !added) return added;
    const auto settled = settle_step_ups(transaction.db, {grant.user, grant.client, grant.resource}, approval.settles);
    if (!settled) return settled;
    return mark_client_used(transaction.db, grant.client, grant.created_at);
  });
}

Result<void> Grants::refuse(const Denial& denial) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    if (auto decided = decide(transaction, denial.consent_id, denial.consent_expires_at); !decided) return decided;
    return settle_step_ups(transaction.db, denial.parties, denial.settles);
  });
}

Result<void> Grants::add_minted(const Grant& grant, const AccessToken& token) {
  if (token.grant != grant.id) return fail(Errc::invalid, "the token is not of this grant");
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    if (auto enabled = require_enabled(transaction, grant.user); !enabled) return enabled;
    if (grant.kind == GrantKind::client_credentials) {
      // Removed while it asked, it must not be left with a token.
      const auto there = first(transaction.db, read_integer, "SELECT 1 FROM clients WHERE id = ?1", grant.client);
      if (!there) return there.error();
      if (!*there) return fail(Errc::not_found, "no such client");
    }
    if (auto added = insert_grant(transaction.db, grant); !added) return added;
    return insert_access(transaction.db, token);
  });
}

Result<std::optional<Grant>> Grants::find_grant(std::string_view id) {
  static const std::string sql = std::string("SELECT ") + kGrantColumns + " FROM grants g WHERE g.id = ?1";
  return readers_.read([&](Connection& db) { return first(db, read_whole_grant, sql, id); });
}

Result<std::vector<Grant>> Grants::list(const GrantFilter& filter) {
  // A statement for each combination, so that each finds its index. The parameters are always all bound.
  std::string sql = std::string("SELECT ") + kGrantColumns + " FROM grants g WHERE ?1 || ?2 || ?3 IS NOT NULL";
  if (filter.user) sql += " AND g.user = ?1";
  if (filter.tenant) sql += " AND g.tenant = ?2";
  if (filter.client) sql += " AND g.client = ?3";
  if (!filter.revoked_too) sql += " AND g.revoked_at IS NULL";
  sql += " ORDER BY g.created_at DESC, g.id";
  return readers_.read([&](Connection& db) {
    return all(db, read_whole_grant, sql, filter.user.value_or(""), filter.tenant.value_or(""),
               filter.client.value_or(""));
  });
}

Result<void> Grants::revoke(std::string_view grant, std::string_view reason, Time now) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    const auto known = first(transaction.db, read_integer, "SELECT 1 FROM grants WHERE id = ?1", grant);
    if (!known) return known.error();
    if (!*known) return fail(Errc::not_found, "no such grant");
    return revoke_grants(transaction, now, reason, "id = ?3", grant);
  });
}

Result<void> Grants::touch(std::string_view grant, Time now) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    const auto client = first(transaction.db, read_bytes,
                              "UPDATE grants SET last_used_at = max(coalesce(last_used_at, 0), ?2) WHERE id = ?1 "
                              "RETURNING client",
                              grant, now);
    if (!client) return client.error();
    if (!*client) return fail(Errc::not_found, "no such grant");
    return mark_client_used(transaction.db, **client, now);
  });
}

}  // namespace postern::store::sqlite
