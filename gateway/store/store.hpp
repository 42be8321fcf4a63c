#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/watched_clock.hpp"
#include "store/reading_pass.hpp"
#include "store/records.hpp"

namespace postern::store {

// Rules of every facet: calls block (they run on a pool of the store, never on an I/O thread), are thread-safe and
// atomic; a call that writes returns after its commit is durable, so that an answer sent afterwards is never taken
// back. Errors: not_found (also where a call changes something that is not there) and conflict as described, denied
// where the user is disabled, unavailable for anything wrong with the store itself and busy when too many calls wait
// (both are answered as 503). After unavailable nothing is promised: the call may or may not have been stored.

class UserStore {
 public:
  virtual ~UserStore() = default;
  virtual Result<void> add(const User& user) = 0;  // conflict: key taken
  virtual Result<std::optional<User>> find(std::string_view key) = 0;
  virtual Result<std::vector<User>> list() = 0;
  // Ends the user's sign-in sessions and forgets the networks that they signed in from.
  virtual Result<void> set_password(std::string_view key, std::string_view hash) = 0;
  // Disabling ends sessions and grants.
  virtual Result<void> set_disabled(std::string_view key, bool disabled) = 0;

  // A user of a provider who has just signed in there: the row is made, or takes the new name and address. The
  // memberships that the last sign-in gave are replaced by these; those that an operator gave stay as they are, and
  // count more. Grants end where the user is not a member any more. denied: the user is disabled.
  virtual Result<void> sign_in_elsewhere(const User& user, const std::vector<Membership>& memberships) = 0;

  virtual Result<void> add_session(const SignInSession& session) = 0;  // denied: the user is disabled
  virtual Result<std::optional<SignInSession>> find_session(std::string_view hash, Time now) = 0;
  virtual Result<void> remove_session(std::string_view hash) = 0;

  // Guessing limits survive restarts. Counts a failure for each key and returns the highest count within the window.
  virtual Result<int> count_failure(const std::vector<std::string>& keys, Time now, Duration window) = 0;
  virtual Result<int> failures(const std::vector<std::string>& keys, Time now, Duration window) = 0;
  virtual Result<void> clear_failures(const std::vector<std::string>& keys) = 0;

  // Networks that a user has signed in from, as hashes: each is known for kNetworkKnown after the last sign-in from it,
  // and of each user the kKnownNetworks latest.
  virtual Result<void> remember_network(std::string_view user, std::string_view hash, Time now) = 0;
  virtual Result<bool> knows_network(std::string_view user, std::string_view hash, Time now) = 0;
};

class TenantStore {
 public:
  virtual ~TenantStore() = default;
  // All of them or none, in one step. How many of these records are new or changed: only those are noted as changes.
  // A membership that a sign-in elsewhere gave becomes one of the operator, and its role goes unless one is given: a
  // provider must not have given it for good. conflict: a tenant that had to be absent is
  // there; not_found: one that had to be present is not.
  virtual Result<std::int64_t> apply(const TenantEdits& edits) = 0;
  virtual Result<std::optional<Tenant>> find(std::string_view handle) = 0;
  virtual Result<std::vector<Tenant>> list() = 0;
  virtual Result<void> remove(std::string_view handle) = 0;  // and its memberships and grants
  // And that user's grants there.
  virtual Result<void> remove_member(std::string_view user, std::string_view tenant) = 0;
  virtual Result<std::optional<Membership>> membership(std::string_view user, std::string_view tenant) = 0;
  virtual Result<std::vector<Membership>> memberships_of(std::string_view user) = 0;
  virtual Result<std::vector<Membership>> members_of(std::string_view tenant) = 0;
};

// A client that registers itself. Anybody can make any number of them, so those that are unused, because no user has
// approved them yet, share a bounded number of places.
struct Registration {
  Client client;
  std::vector<std::string> networks{};  // that it came from, as of networks_of() (base/network.hpp)
  std::size_t most_unused = 0;          // places, of this store as a whole
};

struct Registered {
  Client client;
  std::int64_t gave_way = 0;  // how many others are gone for it
};

class ClientStore {
 public:
  virtual ~ClientStore() = default;
  // Adds a client of an operator, or returns the one with the same non-empty fingerprint.
  virtual Result<Client> add(const Client& client) = 0;
  // The same for a client that registers itself. Where the places are taken, the oldest unused client of the network
  // that has most gives way, never one with an authorization under way. One that registers again is as good as new, and
  // counts for whichever of its networks has fewer.
  virtual Result<Registered> register_client(const Registration& registration) = 0;
  // An authorization of this client has begun or goes on: if it is unused, it keeps its place for kUnderWay at most.
  // Half of the places can be kept in this way, and a sixteenth of them by one wide network. Beyond that, the oldest of
  // the network that keeps most is kept no longer. Writes only where too little of the time is left.
  virtual Result<void> keep_under_way(std::string_view id, Time now, std::size_t most_unused) = 0;
  virtual Result<std::optional<Client>> find(std::string_view id) = 0;
  virtual Result<std::vector<Client>> list() = 0;
  virtual Result<void> set_secret(std::string_view id, std::string_view secret_hash) = 0;
  virtual Result<void> remove(std::string_view id) = 0;  // and its grants
  // What may be used once before `until`, such as the `jti` of a client's assertion. conflict: it was used before.
  virtual Result<void> use_once(std::string_view hash, Time until) = 0;
};

// An approved consent: what the browser decided, stored in one step.
struct Approval {
  std::string consent_id;  // of the consent page; used once: conflict when it was decided before
  Time consent_expires_at{};
  Grant grant;
  Code code;
  std::vector<std::string> settles{};  // step-ups of the grant's parties that want no more than these scopes
};

// A consent page that the user said no to.
struct Denial {
  std::string consent_id;  // as of an approval
  Time consent_expires_at{};
  Parties parties{};
  std::vector<std::string> settles{};  // step-ups between them that want no more than these scopes
};

struct NewTokens {
  AccessToken access;
  std::optional<RefreshToken> refresh;
};

struct GrantFilter {
  std::optional<std::string> user;
  std::optional<std::string> tenant;
  std::optional<std::string> client;
  bool revoked_too = false;
};

struct AccessLookup {
  AccessToken token;
  Grant grant;
  User user;  // only the key where the store has no row for it
};

struct RefreshLookup {
  RefreshToken token;
  Grant grant;
};

struct CodeLookup {
  Code code;
  Grant grant;
};

class GrantStore {
 public:
  virtual ~GrantStore() = default;
  virtual Result<void> approve(const Approval& approval) = 0;  // denied: the user is disabled
  virtual Result<void> refuse(const Denial& denial) = 0;       // conflict: decided before
  // A grant with its one token. denied: the user is disabled; not_found: a client that acts by itself is gone.
  virtual Result<void> add_minted(const Grant& grant, const AccessToken& token) = 0;

  virtual Result<std::optional<CodeLookup>> find_code(std::string_view hash) = 0;
  virtual Result<int> count_code_failure(std::string_view hash) = 0;  // the failures so far, this one too
  // Single use (compare-and-set): conflict when it was used before, expired when now is past its end or the grant is
  // revoked. The tokens are there exactly when the code is used.
  virtual Result<void> redeem_code(std::string_view hash, const NewTokens& tokens, Time now) = 0;

  virtual Result<std::optional<RefreshLookup>> find_refresh(std::string_view hash) = 0;
  // Compare-and-set from active to rotated with the successor (tokens.refresh, whose value is sealed in
  // `successor_sealed`). conflict when it was rotated before: look it up again. expired when the grant is revoked.
  virtual Result<void> rotate_refresh(std::string_view hash, const NewTokens& tokens, std::string_view successor_sealed,
                                      Time now) = 0;
  // A further access token for a retried refresh. expired when the grant is revoked.
  virtual Result<void> add_access(const AccessToken& token, Time now) = 0;

  virtual Result<std::optional<AccessLookup>> find_access(std::string_view hash) = 0;
  virtual Result<std::optional<Grant>> find_grant(std::string_view id) = 0;
  virtual Result<std::vector<Grant>> list(const GrantFilter& filter) = 0;
  virtual Result<void> revoke(std::string_view grant, std::string_view reason, Time now) = 0;  // not_found
  virtual Result<void> revoke_access(std::string_view hash) = 0;  // this access token alone; its grant lives on
  virtual Result<void> touch(std::string_view grant, Time now) = 0;

  // Step-up: a client of this grant was challenged for more scope. The next take before `refused_until` yields true,
  // once. What is wanted joins what is still pending, and is pending until it is settled or kStepUpPending has passed,
  // whatever was taken.
  virtual Result<void> mark_step_up(std::string_view grant, const StepUp& step_up) = 0;
  virtual Result<bool> take_step_up(std::string_view grant, Time now) = 0;
  // The scopes that are pending, in no order. By token: those of its grant, if that lives and is for this resource;
  // also for kStepUpPending after the token has expired. Between parties: those of all their living grants.
  virtual Result<std::vector<std::string>> wanted_by_token(std::string_view hash, std::string_view resource,
                                                           Time now) = 0;
  virtual Result<PendingStepUp> wanted_between(const Parties& parties, Time now) = 0;
};

class KeyStore {
 public:
  virtual ~KeyStore() = default;
  virtual Result<std::vector<SigningKey>> list(std::string_view issuer) = 0;  // by active_at
  virtual Result<void> add_first(const SigningKey& key) = 0;                  // conflict: the issuer has a key
  virtual Result<void> add_next(const SigningKey& key, Time now) = 0;         // conflict: one is pending already
  // All other keys of the issuer are gone at once, and with them what they signed.
  virtual Result<void> replace(const SigningKey& key) = 0;
  // Each only raises what is there, so that no key goes before the last of its tokens.
  virtual Result<void> raise_token_life(std::string_view issuer, Duration life) = 0;  // of all keys of the issuer
  virtual Result<void> raise_tokens_until(std::string_view id, Time until) = 0;       // not_found
};

// What comes of grants, for the people who made them. Nothing here decides whether a call passes.
class UsageStore {
 public:
  virtual ~UsageStore() = default;
  // In one step; the times of last use only rise. What is of a grant that is gone is left out.
  virtual Result<void> add(const std::vector<GrantUse>& uses) = 0;
  // Calls of all the user's grants since the beginning of that day, by grant; none for grants without calls. Kept for
  // 31 days.
  virtual Result<std::map<std::string, std::int64_t>> calls_of(std::string_view user, Time since) = 0;
  virtual Result<void> put_check(const ToolCheck& check) = 0;  // in the place of the last one; not_found: no such grant
  virtual Result<std::map<std::string, ToolCheck>> checks_of(std::string_view user) = 0;  // by grant
};

class Facets {
 public:
  virtual ~Facets() = default;
  virtual UserStore& users() = 0;
  virtual TenantStore& tenants() = 0;
  virtual ClientStore& clients() = 0;
  virtual GrantStore& grants() = 0;
  virtual KeyStore& keys() = 0;
  virtual UsageStore& usage() = 0;
};

class Store : public Facets {
 public:
  // The same facets for one run that must not wait for a write: whatever would write is refused (unavailable) and noted
  // in `pass`. Store and pass must outlive them.
  virtual std::unique_ptr<Facets> reading(ReadingPass& pass) = 0;

  // Changes after that sequence number, of this process and others, in commit order, at most 10,000 at a time;
  // `newest_change` to begin with. expired: some were purged unseen (they are kept for a day); forget everything cached
  // and begin anew.
  virtual Result<std::vector<Change>> changes_since(std::int64_t sequence) = 0;
  virtual Result<std::int64_t> newest_change() = 0;
  // Called on the writer's thread after the commit and before the writing call returns: what this process changed is
  // seen by its own caches before the answer is sent. Set once before use.
  virtual void on_change(std::function<void(const std::vector<Change>&)> listener) = 0;

  // Deletes what has expired: codes past their replay window, tokens, sessions, unused dynamic clients, old changes.
  // In small steps between which other writes run. What that leaves free in the files goes back to the file system.
  // What is deleted by a wrong time is gone: see WatchedClock.
  virtual Result<void> purge(Time now) = 0;
  // For the next process, so that it can tell whether its clock is wrong; none: nothing was kept. In a store that is
  // older than this record, nothing was deleted after the newest time that was written to it.
  virtual Result<void> keep_time(const KeptTime& time) = 0;
  virtual Result<std::optional<KeptTime>> kept_time() = 0;
  // A read that proves the store answers; unavailable with the sentence of fault() while there is one. For /readyz.
  virtual Result<void> ping() = 0;

  // Why nothing can be written now (a full disk, a lock that another program holds, a file that was deleted), as a
  // sentence for the operator; empty: nothing is known. While it is not empty, whatever writes is refused at once
  // (unavailable). The store tries by itself whether it is over. Never blocks.
  virtual std::string fault() const = 0;
  // Called on the writer's thread whenever a fault begins, is another one, or is over (empty). Not called while the
  // disk does not return: only fault() tells that. Set once before use.
  virtual void on_fault(std::function<void(const std::string&)> listener) = 0;
};

// Key material kept beside the store (file `<database>.key`, mode 0600, made with the store and never again: see
// store/lost_key.hpp): 32 bytes from which the keys for sealed session ids, consent pages and signing keys are derived.
struct OpenedStore {
  std::unique_ptr<Store> store;
  std::string master_key;
  bool made = false;  // there was none before
};

// "sqlite:PATH". Makes the file (0600) and its schema. Refused with one sentence: a directory that does not exist, a
// file that is no database, a newer schema, a read-only or damaged file, a file others may read, a key file that is
// gone, or a connection on which WAL and synchronous=FULL do not hold when read back. Of the path only the last
// directory is made (0700).
Result<OpenedStore> open_store(const std::string& url);

// Whether there is a store. Makes nothing.
Result<bool> store_exists(const std::string& url);

// What open_store() would refuse, as far as that can be seen without opening the database: for `postern check`. Makes
// nothing.
Result<void> check_store(const std::string& url);

}  // namespace postern::store
