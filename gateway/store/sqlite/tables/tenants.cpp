#include "store/sqlite/tables/tenants.hpp"

#include <set>

#include "store/sqlite/connection/query.hpp"
#include "store/sqlite/tables/rows.hpp"
#include "store/sqlite/tables/steps.hpp"

namespace postern::store::sqlite {
namespace {

// Refused unless the tenant is in the store, or is not, as the edit wants.
Result<void> require_presence(Transaction& transaction, const TenantEdit& tenant) {
  if (tenant.wanted == Presence::either) return {};
  const auto found = first(transaction.db, read_integer, "SELECT 1 FROM tenants WHERE handle = ?1", tenant.handle);
  if (!found) return found.error();
  if (tenant.wanted == Presence::absent && *found) return fail(Errc::conflict, "there is such a tenant");
  if (tenant.wanted == Presence::present && !*found) return fail(Errc::not_found, "there is no such tenant");
  return {};
}

// Whether anything is new: what is not makes nobody forget what they know.
Result<bool> write_tenant(Transaction& transaction, const TenantEdit& tenant) {
  if (auto wanted = require_presence(transaction, tenant); !wanted) return wanted.error();
  const auto written = run(transaction.db,
                           "INSERT INTO tenants (handle, name, plan) VALUES (?1, coalesce(?2, ?1), coalesce(?3, '')) "
                           "ON CONFLICT (handle) DO UPDATE SET name = coalesce(?2, name), plan = coalesce(?3, plan) "
                           "WHERE name <> coalesce(?2, name) OR plan <> coalesce(?3, plan)",
                           tenant.handle, tenant.name, tenant.plan);
  if (!written) return written.error();
  return *written > 0;
}

Result<bool> write_membership(Transaction& transaction, const MembershipEdit& membership) {
  const auto written = run(transaction.db,
                           "INSERT INTO memberships (user, tenant, role) VALUES (?1, ?2, coalesce(?3, '')) "
                           "ON CONFLICT (user, tenant) DO UPDATE SET "
                           "role = coalesce(?3, CASE claimed WHEN 0 THEN role ELSE '' END), claimed = 0 "
                           "WHERE role <> coalesce(?3, role) OR claimed <> 0",
                           membership.user, membership.tenant, membership.role);
  if (!written) return written.error();
  return *written > 0;
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

// How many are new or changed.
Result<std::int64_t> write_tenants(Transaction& transaction, const std::vector<TenantEdit>& tenants) {
  std::vector<std::string_view> handles;
  for (const TenantEdit& tenant : tenants) {
    const auto written = write_tenant(transaction, tenant);
    if (!written) return written.error();
    if (*written) handles.push_back(tenant.handle);
  }
  if (auto noted = note_tenants(transaction, handles); !noted) return noted.error();
  return static_cast<std::int64_t>(handles.size());
}

// Likewise. Noted once for each user: the lock is held for as long as this takes.
Result<std::int64_t> write_memberships(Transaction& transaction, const std::vector<MembershipEdit>& memberships) {
  std::int64_t changed = 0;
  std::set<std::string_view> users;
  for (const MembershipEdit& membership : memberships) {
    const auto written = write_membership(transaction, membership);
    if (!written) return written.error();
    if (!*written) continue;
    ++changed;
    if (!users.insert(membership.user).second) continue;
    if (auto noted = transaction.note(ChangeKind::membership, membership.user); !noted) return noted.error();
  }
  return changed;
}

}  // namespace

Result<std::int64_t> Tenants::apply(const TenantEdits& edits) {
  std::int64_t changed = 0;
  const auto written = writes_.write([&](Transaction& transaction) -> Result<void> {
    const auto tenants = write_tenants(transaction, edits.tenants);
    if (!tenants) return tenants.error();
    const auto members = write_memberships(transaction, edits.members);
    if (!members) return members.error();
    changed = *tenants + *members;
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
