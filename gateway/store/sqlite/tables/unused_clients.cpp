#include "store/sqlite/tables/unused_clients.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "store/sqlite/connection/query.hpp"
#include "store/sqlite/tables/steps.hpp"

namespace postern::store::sqlite {
namespace {

constexpr int kLevels = 3;                // below that of all together
constexpr std::int64_t kMostSteps = 256;  // of one transaction

// What may be kept, as parts of all places.
constexpr std::size_t kKeptShare = 2;
constexpr std::size_t kKeptShareOfNetwork = 16;

struct UnusedClient {
  std::string client;
  Time made{};
  UnusedPlace place;
  std::optional<Time> kept_until;
};

struct Network {
  int level = 0;
  std::string name{};
};

constexpr char kColumns[] = "client, made, wide, site, narrow, kept, kept_until";

UnusedClient read_unused(Statement& row) {
  UnusedClient unused{.client = row.bytes(0),
                      .made = from_millis(row.integer(1)),
                      .place = {row.bytes(2), row.bytes(3), row.bytes(4)},
                      .kept_until = std::nullopt};
  if (row.integer(5) != 0) unused.kept_until = from_millis(row.integer(6));
  return unused;
}

Result<void> insert(Connection& db, const UnusedClient& unused) {
  const auto& place = unused.place;
  return require_done(run(db,
                          "INSERT INTO unused_clients (client, made, wide, site, narrow, kept, kept_until) "
                          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                          unused.client, unused.made, place.wide, place.site, place.narrow,
                          unused.kept_until.has_value(), unused.kept_until.value_or(from_millis(0))));
}

// As a removal and an addition, because these are what the counts follow.
Result<void> replace(Connection& db, const UnusedClient& unused) {
  if (auto gone = client_is_used(db, unused.client); !gone) return gone;
  return insert(db, unused);
}

Result<std::optional<UnusedClient>> find(Connection& db, std::string_view client) {
  static const std::string sql = std::string("SELECT ") + kColumns + " FROM unused_clients WHERE client = ?1";
  return first(db, read_unused, sql, client);
}

Result<std::int64_t> count(Connection& db, bool kept, const Network& network) {
  const auto found =
      first(db, read_integer, "SELECT clients FROM unused_networks WHERE kept = ?1 AND level = ?2 AND network = ?3",
            kept, network.level, network.name);
  if (!found) return found.error();
  return found->value_or(0);
}

// The one to give way among those of `within`; nullopt: there is none.
Result<std::optional<UnusedClient>> oldest_of_fullest(Connection& db, bool kept, Network within) {
  while (within.level < kLevels) {
    auto fullest = first(db, read_bytes,
                         "SELECT network FROM unused_networks WHERE kept = ?1 AND level = ?2 AND parent = ?3 "
                         "ORDER BY clients DESC, touched LIMIT 1",
                         kept, within.level + 1, within.name);
    if (!fullest) return fullest.error();
    if (!*fullest) return std::optional<UnusedClient>();
    within = {within.level + 1, std::move(**fullest)};
  }
  static const std::string sql = std::string("SELECT ") + kColumns +
                                 " FROM unused_clients WHERE narrow = ?1 AND kept = ?2 "
                                 "ORDER BY kept_until, made, rowid LIMIT 1";
  return first(db, read_unused, sql, within.name, kept);
}

Result<void> let_go(Connection& db, UnusedClient unused) {
  unused.kept_until.reset();
  return replace(db, unused);
}

// Until `network` keeps no more than its share.
Result<void> trim_kept(Connection& db, const Network& network, std::size_t share) {
  for (std::int64_t step = 0; step < kMostSteps; ++step) {
    const auto kept = count(db, true, network);
    if (!kept) return kept.error();
    if (*kept <= static_cast<std::int64_t>(share)) return {};
    auto oldest = oldest_of_fullest(db, true, network);
    if (!oldest) return oldest.error();
    if (!*oldest) return {};
    if (auto done = let_go(db, std::move(**oldest)); !done) return done;
  }
  return {};
}

Result<void> let_go_of_expired(Connection& db, Time now) {
  static const std::string sql =
      std::string("SELECT ") + kColumns +
      " FROM unused_clients WHERE kept = 1 AND kept_until <= ?1 ORDER BY kept_until LIMIT ?2";
  auto expired = all(db, read_unused, sql, now, kMostSteps);
  if (!expired) return expired.error();
  for (auto& unused : *expired) {
    if (auto done = let_go(db, std::move(unused)); !done) return done;
  }
  return {};
}

Result<bool> has_fewer(Connection& db, bool kept, const UnusedPlace& place, const UnusedPlace& than) {
  const std::array<std::pair<std::string_view, std::string_view>, kLevels> levels{
      {{place.wide, than.wide}, {place.site, than.site}, {place.narrow, than.narrow}}};
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const auto& [here, there] = levels[i];
    if (here == there) continue;
    const int level = static_cast<int>(i) + 1;
    const auto ours = count(db, kept, {level, std::string(here)});
    const auto theirs = count(db, kept, {level, std::string(there)});
    if (!ours) return ours.error();
    if (!theirs) return theirs.error();
    return *ours + 1 < *theirs;  // the client itself is among theirs
  }
  return false;
}

}  // namespace

UnusedPlace place_of(const std::vector<std::string>& networks) {
  if (networks.empty()) return {};
  return {networks.front(), networks[std::min<std::size_t>(1, networks.size() - 1)], networks.back()};
}

Result<void> add_unused(Connection& db, std::string_view client, const UnusedPlace& place, Time made) {
  return insert(db, {.client = std::string(client), .made = made, .place = place, .kept_until = std::nullopt});
}

Result<void> registered_again(Connection& db, std::string_view client, const UnusedPlace& place, Time now) {
  auto found = find(db, client);
  if (!found) return found.error();
  if (!*found) return {};
  UnusedClient unused = std::move(**found);
  unused.made = std::max(unused.made, now);
  const auto moves = has_fewer(db, unused.kept_until.has_value(), place, unused.place);
  if (!moves) return moves.error();
  if (*moves) unused.place = place;
  return replace(db, unused);
}

Result<std::int64_t> make_room(Connection& db, Time now, std::size_t most) {
  if (auto done = let_go_of_expired(db, now); !done) return done.error();
  if (auto done = trim_kept(db, {}, most / kKeptShare); !done) return done.error();
  std::int64_t gone = 0;
  for (; gone < kMostSteps; ++gone) {
    const auto free = count(db, false, {});
    const auto kept = count(db, true, {});
    if (!free) return free.error();
    if (!kept) return kept.error();
    if (*free + *kept < static_cast<std::int64_t>(most)) break;
    const auto oldest = oldest_of_fullest(db, false, {});
    if (!oldest) return oldest.error();
    if (!*oldest) return fail(Errc::busy, "all unused clients have an authorization under way");
    // Not a change to be noted: without a grant nothing of it is cached anywhere.
    if (auto done = require_done(run(db, "DELETE FROM clients WHERE id = ?1", (*oldest)->client)); !done)
      return done.error();
  }
  return gone;
}

Result<void> keep_unused(Connection& db, std::string_view client, Time now, std::size_t most) {
  auto found = find(db, client);
  if (!found) return found.error();
  if (!*found) return {};
  UnusedClient unused = std::move(**found);
  unused.kept_until = std::max(unused.kept_until.value_or(now), now + kUnderWay);
  if (auto done = replace(db, unused); !done) return done;
  // Purging goes by this.
  const auto used = run(db, "UPDATE clients SET last_used_at = max(last_used_at, ?2) WHERE id = ?1", client, now);
  if (!used) return used.error();
  if (auto done = let_go_of_expired(db, now); !done) return done;
  const std::size_t of_network = std::max<std::size_t>(1, most / kKeptShareOfNetwork);
  if (auto done = trim_kept(db, {1, unused.place.wide}, of_network); !done) return done;
  return trim_kept(db, {}, most / kKeptShare);
}

Result<void> client_is_used(Connection& db, std::string_view client) {
  return require_done(run(db, "DELETE FROM unused_clients WHERE client = ?1", client));
}

}  // namespace postern::store::sqlite
