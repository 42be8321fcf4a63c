#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/store.hpp"

namespace postern::store {

// Which call of a FailingStore fails, and how. Not thread-safe.
class Failures {
 public:
  enum class When { not_made, made };  // made: it is stored, and the caller is told otherwise

  // The nth call from now on.
  void fail_call(int nth, Errc code, When when = When::not_made) {
    left_ = nth;
    code_ = code;
    when_ = when;
    failed_.clear();
  }
  // Once, just before the next call of that name: what another process does in between.
  void before(std::string name, std::function<void()> meanwhile) {
    meanwhile_ = {std::move(name), std::move(meanwhile)};
  }
  // "grants.redeem_code", or empty: no call has failed since.
  const std::string& failed() const { return failed_; }

  template <class Call>
  auto run(std::string_view name, Call call) -> decltype(call()) {
    if (meanwhile_ && meanwhile_->first == name) {
      const auto meanwhile = std::exchange(meanwhile_, std::nullopt)->second;
      meanwhile();
    }
    if (left_ == 0 || --left_ > 0) return call();
    failed_ = name;
    if (when_ == When::made) {
      if (auto made = call(); !made) return made;
    }
    return fail(code_, "the disk is gone");
  }

 private:
  int left_ = 0;  // calls until the one that fails, itself included; 0: none fails
  Errc code_ = Errc::unavailable;
  When when_ = When::not_made;
  std::string failed_;
  std::optional<std::pair<std::string, std::function<void()>>> meanwhile_;
};

class FailingUsers final : public UserStore {
 public:
  FailingUsers(UserStore& inner, Failures& failures) : inner_(inner), failures_(failures) {}

  Result<void> add(const User& user) override {
    return failures_.run("users.add", [&] { return inner_.add(user); });
  }
  Result<std::optional<User>> find(std::string_view key) override {
    return failures_.run("users.find", [&] { return inner_.find(key); });
  }
  Result<std::vector<User>> list() override {
    return failures_.run("users.list", [&] { return inner_.list(); });
  }
  Result<void> set_password(std::string_view key, std::string_view hash) override {
    return failures_.run("users.set_password", [&] { return inner_.set_password(key, hash); });
  }
  Result<void> set_disabled(std::string_view key, bool disabled) override {
    return failures_.run("users.set_disabled", [&] { return inner_.set_disabled(key, disabled); });
  }
  Result<void> sign_in_elsewhere(const User& user, const std::vector<Membership>& memberships) override {
    return failures_.run("users.sign_in_elsewhere", [&] { return inner_.sign_in_elsewhere(user, memberships); });
  }
  Result<void> add_session(const SignInSession& session) override {
    return failures_.run("users.add_session", [&] { return inner_.add_session(session); });
  }
  Result<std::optional<SignInSession>> find_session(std::string_view hash, Time now) override {
    return failures_.run("users.find_session", [&] { return inner_.find_session(hash, now); });
  }
  Result<void> remove_session(std::string_view hash) override {
    return failures_.run("users.remove_session", [&] { return inner_.remove_session(hash); });
  }
  Result<int> count_failure(const std::vector<std::string>& keys, Time now, Duration window) override {
    return failures_.run("users.count_failure", [&] { return inner_.count_failure(keys, now, window); });
  }
  Result<int> failures(const std::vector<std::string>& keys, Time now, Duration window) override {
    return failures_.run("users.failures", [&] { return inner_.failures(keys, now, window); });
  }
  Result<void> clear_failures(const std::vector<std::string>& keys) override {
    return failures_.run("users.clear_failures", [&] { return inner_.clear_failures(keys); });
  }
  Result<void> remember_network(std::string_view user, std::string_view hash, Time now) override {
    return failures_.run("users.remember_network", [&] { return inner_.remember_network(user, hash, now); });
  }
  Result<bool> knows_network(std::string_view user, std::string_view hash, Time now) override {
    return failures_.run("users.knows_network", [&] { return inner_.knows_network(user, hash, now); });
  }

 private:
  UserStore& inner_;
  Failures& failures_;
};

class FailingTenants final : public TenantStore {
 public:
  FailingTenants(TenantStore& inner, Failures& failures) : inner_(inner), failures_(failures) {}

  Result<std::int64_t> apply(const TenantEdits& edits) override {
    return failures_.run("tenants.apply", [&] { return inner_.apply(edits); });
  }
  Result<std::optional<Tenant>> find(std::string_view handle) override {
    return failures_.run("tenants.find", [&] { return inner_.find(handle); });
  }
  Result<std::vector<Tenant>> list() override {
    return failures_.run("tenants.list", [&] { return inner_.list(); });
  }
  Result<void> remove(std::string_view handle) override {
    return failures_.run("tenants.remove", [&] { return inner_.remove(handle); });
  }
  Result<void> remove_member(std::string_view user, std::string_view tenant) override {
    return failures_.run("tenants.remove_member", [&] { return inner_.remove_member(user, tenant); });
  }
  Result<std::optional<Membership>> membership(std::string_view user, std::string_view tenant) override {
    return failures_.run("tenants.membership", [&] { return inner_.membership(user, tenant); });
  }
  Result<std::vector<Membership>> memberships_of(std::string_view user) override {
    return failures_.run("tenants.memberships_of", [&] { return inner_.memberships_of(user); });
  }
  Result<std::vector<Membership>> members_of(std::string_view tenant) override {
    return failures_.run("tenants.members_of", [&] { return inner_.members_of(tenant); });
  }

 private:
  TenantStore& inner_;
  Failures& failures_;
};

class FailingClients final : public ClientStore {
 public:
  FailingClients(ClientStore& inner, Failures& failures) : inner_(inner), failures_(failures) {}

  Result<Client> add(const Client& client) override {
    return failures_.run("clients.add", [&] { return inner_.add(client); });
  }
  Result<Registered> register_client(const Registration& registration) override {
    return failures_.run("clients.register_client", [&] { return inner_.register_client(registration); });
  }
  Result<void> keep_under_way(std::string_view id, Time now, std::size_t most_unused) override {
    return failures_.run("clients.keep_under_way", [&] { return inner_.keep_under_way(id, now, most_unused); });
  }
  Result<std::optional<Client>> find(std::string_view id) override {
    return failures_.run("clients.find", [&] { return inner_.find(id); });
  }
  Result<std::vector<Client>> list() override {
    return failures_.run("clients.list", [&] { return inner_.list(); });
  }
  Result<void> set_secret(std::string_view id, std::string_view secret_hash) override {
    return failures_.run("clients.set_secret", [&] { return inner_.set_secret(id, secret_hash); });
  }
  Result<void> remove(std::string_view id) override {
    return failures_.run("clients.remove", [&] { return inner_.remove(id); });
  }
  Result<void> use_once(std::string_view hash, Time until) override {
    return failures_.run("clients.use_once", [&] { return inner_.use_once(hash, until); });
  }

 private:
  ClientStore& inner_;
  Failures& failures_;
};

class FailingGrants final : public GrantStore {
 public:
  FailingGrants(GrantStore& inner, Failures& failures) : inner_(inner), failures_(failures) {}

  Result<void> approve(const Approval& approval) override {
    return failures_.run("grants.approve", [&] { return inner_.approve(approval); });
  }
  Result<void> refuse(const Denial& denial) override {
    return failures_.run("grants.refuse", [&] { return inner_.refuse(denial); });
  }
  Result<void> add_minted(const Grant& grant, const AccessToken& token) override {
    return failures_.run("grants.add_minted", [&] { return inner_.add_minted(grant, token); });
  }
  Result<std::optional<CodeLookup>> find_code(std::string_view hash) override {
    return failures_.run("grants.find_code", [&] { return inner_.find_code(hash); });
  }
  Result<int> count_code_failure(std::string_view hash) override {
    return failures_.run("grants.count_code_failure", [&] { return inner_.count_code_failure(hash); });
  }
  Result<void> redeem_code(std::string_view hash, const NewTokens& tokens, Time now) override {
    return failures_.run("grants.redeem_code", [&] { return inner_.redeem_code(hash, tokens, now); });
  }
  Result<std::optional<RefreshLookup>> find_refresh(std::string_view hash) override {
    return failures_.run("grants.find_refresh", [&] { return inner_.find_refresh(hash); });
  }
  Result<void> rotate_refresh(std::string_view hash, const NewTokens& tokens, std::string_view successor_sealed,
                              Time now) override {
    return failures_.run("grants.rotate_refresh",
                         [&] { return inner_.rotate_refresh(hash, tokens, successor_sealed, now); });
  }
  Result<void> add_access(const AccessToken& token, Time now) override {
    return failures_.run("grants.add_access", [&] { return inner_.add_access(token, now); });
  }
  Result<std::optional<AccessLookup>> find_access(std::string_view hash) override {
    return failures_.run("grants.find_access", [&] { return inner_.find_access(hash); });
  }
  Result<std::optional<Grant>> find_grant(std::string_view id) override {
    return failures_.run("grants.find_grant", [&] { return inner_.find_grant(id); });
  }
  Result<std::vector<Grant>> list(const GrantFilter& filter) override {
    return failures_.run("grants.list", [&] { return inner_.list(filter); });
  }
  Result<void> revoke(std::string_view grant, std::string_view reason, Time now) override {
    return failures_.run("grants.revoke", [&] { return inner_.revoke(grant, reason, now); });
  }
  Result<void> revoke_access(std::string_view hash) override {
    return failures_.run("grants.revoke_access", [&] { return inner_.revoke_access(hash); });
  }
  Result<void> touch(std::string_view grant, Time now) override {
    return failures_.run("grants.touch", [&] { return inner_.touch(grant, now); });
  }
  Result<void> mark_step_up(std::string_view grant, const StepUp& step_up) override {
    return failures_.run("grants.mark_step_up", [&] { return inner_.mark_step_up(grant, step_up); });
  }
  Result<bool> take_step_up(std::string_view grant, Time now) override {
    return failures_.run("grants.take_step_up", [&] { return inner_.take_step_up(grant, now); });
  }
  Result<std::vector<std::string>> wanted_by_token(std::string_view hash, std::string_view resource,
                                                   Time now) override {
    return failures_.run("grants.wanted_by_token", [&] { return inner_.wanted_by_token(hash, resource, now); });
  }
  Result<PendingStepUp> wanted_between(const Parties& parties, Time now) override {
    return failures_.run("grants.wanted_between", [&] { return inner_.wanted_between(parties, now); });
  }

 private:
  GrantStore& inner_;
  Failures& failures_;
};

class FailingKeys final : public KeyStore {
 public:
  FailingKeys(KeyStore& inner, Failures& failures) : inner_(inner), failures_(failures) {}

  Result<std::vector<SigningKey>> list(std::string_view issuer) override {
    return failures_.run("keys.list", [&] { return inner_.list(issuer); });
  }
  Result<void> add_first(const SigningKey& key) override {
    return failures_.run("keys.add_first", [&] { return inner_.add_first(key); });
  }
  Result<void> add_next(const SigningKey& key, Time now) override {
    return failures_.run("keys.add_next", [&] { return inner_.add_next(key, now); });
  }
  Result<void> replace(const SigningKey& key) override {
    return failures_.run("keys.replace", [&] { return inner_.replace(key); });
  }
  Result<void> raise_token_life(std::string_view issuer, Duration life) override {
    return failures_.run("keys.raise_token_life", [&] { return inner_.raise_token_life(issuer, life); });
  }
  Result<void> raise_tokens_until(std::string_view id, Time until) override {
    return failures_.run("keys.raise_tokens_until", [&] { return inner_.raise_tokens_until(id, until); });
  }

 private:
  KeyStore& inner_;
  Failures& failures_;
};

class FailingUsage final : public UsageStore {
 public:
  FailingUsage(UsageStore& inner, Failures& failures) : inner_(inner), failures_(failures) {}

  Result<void> add(const std::vector<GrantUse>& uses) override {
    return failures_.run("usage.add", [&] { return inner_.add(uses); });
  }
  Result<std::map<std::string, std::int64_t>> calls_of(std::string_view user, Time since) override {
    return failures_.run("usage.calls_of", [&] { return inner_.calls_of(user, since); });
  }
  Result<void> put_check(const ToolCheck& check) override {
    return failures_.run("usage.put_check", [&] { return inner_.put_check(check); });
  }
  Result<std::map<std::string, ToolCheck>> checks_of(std::string_view user) override {
    return failures_.run("usage.checks_of", [&] { return inner_.checks_of(user); });
  }

 private:
  UsageStore& inner_;
  Failures& failures_;
};

// A store whose calls fail one by one as a test tells them to, so that whatever is built on a store can be seen to
// bear each of them. `inner` does the work, and must outlive this. What reading() gives does not fail.
class FailingStore final : public Store {
 public:
  explicit FailingStore(Store& inner) : inner_(inner) {}

  Failures& failures() { return failures_; }

  UserStore& users() override { return users_; }
  TenantStore& tenants() override { return tenants_; }
  ClientStore& clients() override { return clients_; }
  GrantStore& grants() override { return grants_; }
  KeyStore& keys() override { return keys_; }
  UsageStore& usage() override { return usage_; }

  std::unique_ptr<Facets> reading(ReadingPass& pass) override { return inner_.reading(pass); }
  Result<std::vector<Change>> changes_since(std::int64_t sequence) override {
    return failures_.run("changes_since", [&] { return inner_.changes_since(sequence); });
  }
  Result<std::int64_t> newest_change() override {
    return failures_.run("newest_change", [&] { return inner_.newest_change(); });
  }
  void on_change(std::function<void(const std::vector<Change>&)> listener) override {
    inner_.on_change(std::move(listener));
  }
  Result<void> purge(Time now) override {
    return failures_.run("purge", [&] { return inner_.purge(now); });
  }
  Result<void> keep_time(const KeptTime& time) override {
    return failures_.run("keep_time", [&] { return inner_.keep_time(time); });
  }
  Result<std::optional<KeptTime>> kept_time() override {
    return failures_.run("kept_time", [&] { return inner_.kept_time(); });
  }
  Result<void> ping() override {
    return failures_.run("ping", [&] { return inner_.ping(); });
  }
  std::string fault() const override { return inner_.fault(); }
  void on_fault(std::function<void(const std::string&)> listener) override { inner_.on_fault(std::move(listener)); }

 private:
  Store& inner_;
  Failures failures_;
  FailingUsers users_{inner_.users(), failures_};
  FailingTenants tenants_{inner_.tenants(), failures_};
  FailingClients clients_{inner_.clients(), failures_};
  FailingGrants grants_{inner_.grants(), failures_};
  FailingKeys keys_{inner_.keys(), failures_};
  FailingUsage usage_{inner_.usage(), failures_};
};

}  // namespace postern::store
