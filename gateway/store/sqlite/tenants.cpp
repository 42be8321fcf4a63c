#include "store/sqlite/tenants.hpp"

#include <set>

#include "store/sqlite/query.hpp"
#include "store/sqlite/rows.hpp"
#include "store/sqlite/steps.hpp"

namespace postern::store::sqlite {
namespace {

// Whether anything is new: what is not makes nobody forget what they know.
Result<bool> put_tenant(Transaction& transaction, const Tenant& tenant) {
  const auto put = run(transaction.db,
                       "INSERT INTO tenants (handle, name, plan) VALUES (?1, ?2, ?3) "
                       "ON CONFLICT (handle) DO UPDATE SET name = excluded.name, plan = excluded.plan "
                       "WHERE name <> excluded.name OR plan <> excluded.plan",
                       tenant.handle, tenant.name, tenant.plan);
  if (!put) return put.error();
  return *put > 0;
}

Result<bool> put_membership(Transaction& transaction, const Membership& membership) {
  const auto put = run(transaction.db,
                       "INSERT INTO memberships (user, tenant, role) VALUES (?1, ?2, ?3) "
                       "ON CONFLICT (user, tenant) DO UPDATE SET role = excluded.role, claimed = 0 "
                       "WHERE role <> excluded.role OR claimed <> 0",
                       membership.user, membership.tenant, membership.role);
  if (!put) return put.error();
  return *put > 0;
}

// Each by name, so that caches keep what they know of the others; many in one, because others then look everything up
// again sooner than they have read all those names.
Result<void> note_tenants(Transaction& transaction, const std::vector<std::string_view>& handles) {
  constexpr std::size_t kNamed = 1'000;
  if (handles.size() > kNamed) return transaction.note(ChangeKind::tenant, "");
  for (const auto handle : handles) {
    if (auto noted = transaction.note(ChangeKind::tenant, handle); !noted) return noted;
  }
  return {};
}

}  // namespace

Result<void> Tenants::put(const Tenant& tenant) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    const auto put = put_tenant(transaction, tenant);
    if (!put) return put.error();
    return *put ? transaction.note(ChangeKind::tenant, tenant.handle) : Result<void>();
  });
}

// Noted once for each user: the lock is held for as long as this takes.
Result<std::int64_t> Tenants::put_all(const std::vector<Tenant>& tenants, const std::vector<Membership>& memberships) {
  std::int64_t changed = 0;
  const auto written = writes_.write([&](Transaction& transaction) -> Result<void> {
    std::vector<std::string_view> handles;
    for (const Tenant& tenant : tenants) {
      const auto put = put_tenant(transaction, tenant);
      if (!put) return put.error();
      if (*put) handles.push_back(tenant.handle);
    }
    changed = static_cast<std::int64_t>(handles.size());
    if (auto noted = note_tenants(transaction, handles); !noted) return noted;
    std::set<std::string_view> users;
    for (const Membership& membership : memberships) {
      const auto put = put_membership(transaction, membership);
      if (!put) return put.error();
      if (!*put) continue;
      ++changed;
      if (!users.insert(membership.user).second) continue;
      if (auto noted = transaction.note(ChangeKind::membership, membership.user); !noted) return noted;
    }
    return {};
  });
  if (!written) return written.error();
  return changed;
}

Result<std::optional<Tenant>> Tenants::find(std::string_view handle) {
  return readers_.read([&](Connection& db) {
    return first(db, read_tenant, "SELECT handle, name, plan FROM tenants WHERE handle = ?1", handle);
  });
}

Result<std::vector<Tenant>> Tenants::list() {
  return readers_.read(
      [&](Connection& db) { return all(db, read_tenant, "SELECT handle, name, plan FROM tenants ORDER BY handle"); });
}

Result<void> Tenants::remove(std::string_view handle) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    Connection& db = transaction.db;
    if (auto removed = require_found(run(db, "DELETE FROM tenants WHERE handle = ?1", handle), "tenant"); !removed) {
      return removed;
    }
    const auto members = all(db, read_bytes, "DELETE FROM memberships WHERE tenant = ?1 RETURNING user", handle);
    if (!members) return members.error();
    for (const std::string& user : *members) {
      if (auto noted = transaction.note(ChangeKind::membership, user); !noted) return noted;
    }
    if (auto revoked = revoke_grants(transaction, transaction.now, "tenant removed", "tenant = ?3", handle); !revoked)
      return revoked;
    return transaction.note(ChangeKind::tenant, handle);
  });
}

Result<void> Tenants::put_member(const Membership& membership) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    const auto put = put_membership(transaction, membership);
    if (!put) return put.error();
    return *put ? transaction.note(ChangeKind::membership, membership.user) : Result<void>();
  });
}

Result<void> Tenants::remove_member(std::string_view user, std::string_view tenant) {
  return writes_.write([&](Transaction& transaction) -> Result<void> {
    const auto removed = run(transaction.db, "DELETE FROM memberships WHERE user = ?1 AND tenant = ?2", user, tenant);
    if (auto found = require_found(removed, "member"); !found) return found;
    auto revoked =
        revoke_grants(transaction, transaction.now, "member removed", "user = ?3 AND tenant = ?4", user, tenant);
    if (!revoked) return revoked;
    return transaction.note(ChangeKind::membership, user);
  });
}

Result<std::optional<Membership>> Tenants::membership(std::string_view user, std::string_view tenant) {
  return readers_.read([&](Connection& db) {
    return first(db, read_membership, "SELECT user, tenant, role FROM memberships WHERE user = ?1 AND tenant = ?2",
                 user, tenant);
  });
}

Result<std::vector<Membership>> Tenants::memberships_of(std::string_view user) {
  return readers_.read([&](Connection& db) {
    return all(db, read_membership, "SELECT user, tenant, role FROM memberships WHERE user = ?1 ORDER BY tenant", user);
  });
}

Result<std::vector<Membership>> Tenants::members_of(std::string_view tenant) {
  return readers_.read([&](Connection& db) {
    return all(db, read_membership, "SELECT user, tenant, role FROM memberships WHERE tenant = ?1 ORDER BY user",
               tenant);
  });
}

}  // namespace postern::store::sqlite
