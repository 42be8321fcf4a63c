#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "crypto/hash.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "store/store.hpp"

// What every backend of the store must do. A new one is added to backends().
namespace postern::store {

using namespace std::chrono_literals;

inline constexpr Time kNow{Duration{1'800'000'000'000}};

class ManualClock final : public Clock {
 public:
  Time now() const noexcept override { return from_millis(millis_); }
  void set(Time time) { millis_ = to_millis(time); }

 private:
  std::atomic<std::int64_t> millis_{to_millis(kNow)};
};

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "postern-store-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

struct Backend {
  std::string name;
  // Opens the store of that directory; two opened at once are two processes.
  std::function<std::unique_ptr<Store>(const TemporaryDirectory&, const std::shared_ptr<const Clock>&)> open;
};

inline std::ostream& operator<<(std::ostream& out, const Backend& backend) { return out << backend.name; }

inline std::vector<Backend> backends() {
  return {{"sqlite", [](const TemporaryDirectory& directory, const std::shared_ptr<const Clock>& clock) {
             sqlite::Options options;
             options.clock = clock;
             return std::move(sqlite::open(directory / "postern.db", options).value().store);
           }}};
}

class Contract : public testing::TestWithParam<Backend> {
 protected:
  std::unique_ptr<Store> open() { return GetParam().open(directory_, clock_); }

  TemporaryDirectory directory_;
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
  std::unique_ptr<Store> store_ = open();
};

#define POSTERN_STORE_CONTRACT(Suite)                                   \
  class Suite : public Contract {};                                     \
  INSTANTIATE_TEST_SUITE_P(Store, Suite, testing::ValuesIn(backends()), \
                           [](const auto& tested) { return tested.param.name; })

template <class T>
testing::AssertionResult ok(const Result<T>& result) {
  if (result) return testing::AssertionSuccess();
  return testing::AssertionFailure() << to_string(result.error().code) << ": " << result.error().what;
}

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "ok" : to_string(result.error().code);
}

inline std::string hash_of(std::string_view secret) { return crypto::sha256_string(secret); }

inline User sample_user(const std::string& key = "local:alice") {
  return {.key = key,
          .name = "Alice",
          .email = "alice@example.test",
          .password_hash = "$argon2id$x",
          .disabled = false,
          .created_at = kNow};
}

inline Client sample_client(const std::string& id = "client-1", const std::string& fingerprint = "") {
  return {.id = id,
          .name = "Claude \"<b>\" \xE2\x9C\x93",
          .auth = ClientAuth::secret_post,
          .secret_hash = hash_of("secret"),
          .redirect_uris = {"https://claude.ai/api/mcp/auth_callback", "http://127.0.0.1/cb?a=\"b\""},
          .grant_types = {"authorization_code", "refresh_token"},
          .application_type = "web",
          .client_uri = "https://claude.ai",
          .scope = "a b",
          .dynamic = true,
          .fingerprint = fingerprint,
          .created_at = kNow,
          .last_used_at = kNow,
          .issuer = "https://ai.example.test",
          .jwks = R"({"keys":[]})",
          .jwks_uri = "https://claude.ai/keys",
          .tenant = "acme",
          .role = "editor",
          .resource = "https://ai.example.test/mcp",
          .introspects = {"https://ai.example.test/mcp", "https://{tenant}.example.test/mcp"}};
}

inline Grant sample_grant(const std::string& id = "grant-1") {
  return {.id = id,
          .kind = GrantKind::authorization_code,
          .user = "local:alice",
          .tenant = "acme",
          .client = "client-1",
          .resource = "https://ai.example.test/mcp",
          .scopes = {"mcp.connect", "skills.read"},
          .created_at = kNow,
          .expires_at = kNow + 30 * 24h,
          .revoked_at = std::nullopt,
          .revoked_reason = "",
          .last_used_at = std::nullopt};
}

inline Code sample_code(const std::string& secret = "code-1", const std::string& grant = "grant-1") {
  return {.hash = hash_of(secret),
          .grant = grant,
          .client = "client-1",
          .redirect_uri = "https://claude.ai/api/mcp/auth_callback",
          .challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
          .expires_at = kNow + 1min,
          .used_at = std::nullopt,
          .failures = 0};
}

inline Approval sample_approval(const std::string& consent = "consent-1", const std::string& grant = "grant-1",
                                const std::string& code = "code-1") {
  return {.consent_id = consent,
          .consent_expires_at = kNow + 10min,
          .grant = sample_grant(grant),
          .code = sample_code(code, grant)};
}

inline AccessToken sample_access(const std::string& secret = "access-1", const std::string& grant = "grant-1") {
  return {.hash = hash_of(secret),
          .grant = grant,
          .scopes = {"mcp.connect"},
          .created_at = kNow,
          .expires_at = kNow + 10min};
}

inline RefreshToken sample_refresh(const std::string& secret = "refresh-1", const std::string& grant = "grant-1") {
  return {.hash = hash_of(secret),
          .grant = grant,
          .scopes = {"mcp.connect", "skills.read"},
          .created_at = kNow,
          .expires_at = kNow + 14 * 24h,
          .rotated_at = std::nullopt,
          .successor_hash = "",
          .successor_sealed = ""};
}

inline NewTokens sample_tokens(const std::string& access = "access-1", const std::string& refresh = "refresh-1",
                               const std::string& grant = "grant-1") {
  return {.access = sample_access(access, grant), .refresh = sample_refresh(refresh, grant)};
}

}  // namespace postern::store
