#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "store/sqlite/connection/connection.hpp"

// The places of clients that registered themselves and that no user has approved yet. Each counts for the networks that
// it came from, so that which one gives way is found by a few look-ups in an index, however many there are: from level
// to level the network that has most, and there the oldest. Of two that have equally many, it is the one from which
// nothing has come for longer. Clients with an authorization under way ("kept") are counted apart and do not give way.
//
// These are steps inside a transaction of the writer; all times are of the caller's clock.
namespace postern::store::sqlite {

// Of IPv4 the last two are the same.
struct UnusedPlace {
  std::string wide;    // IPv6 /32, IPv4 /24
  std::string site;    // IPv6 /48, IPv4 address
  std::string narrow;  // IPv6 /64, IPv4 address
};

// `networks` as of networks_of(). Without any, the place that clients have which were there before places were counted.
UnusedPlace place_of(const std::vector<std::string>& networks);

Result<void> add_unused(Connection& db, std::string_view client, const UnusedPlace& place, Time made);

// The client is as young as one made at `now`. It moves to `place` if fewer are there, so that nobody can make it count
// for a crowd of their own by registering the same. Does nothing for a client that is used.
Result<void> registered_again(Connection& db, std::string_view client, const UnusedPlace& place, Time now);

// Removes clients until there is a place for one more, and returns how many went. A bound that was lowered is reached
// after several calls, since each removes a bounded number. busy: none can give way.
Result<std::int64_t> make_room(Connection& db, Time now, std::size_t most);

// Does nothing for a client that is used.
Result<void> keep_unused(Connection& db, std::string_view client, Time now, std::size_t most);

// A user has approved it: it has a grant, and takes no place any more.
Result<void> client_is_used(Connection& db, std::string_view client);

}  // namespace postern::store::sqlite
