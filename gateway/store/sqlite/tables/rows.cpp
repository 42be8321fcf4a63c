#include "store/sqlite/tables/rows.hpp"

#include <nlohmann/json.hpp>

namespace postern::store::sqlite {
namespace {

Time read_time(Statement& row, int column) { return from_millis(row.integer(column)); }

std::optional<Time> read_optional_time(Statement& row, int column) {
  if (row.null(column)) return std::nullopt;
  return read_time(row, column);
}

template <class Enum>
Enum read_enum(Statement& row, int column, Enum last) {
  const std::int64_t value = row.integer(column);
  if (value < 0 || value > static_cast<std::int64_t>(last)) {
    row.damaged("a kind");
    return Enum{};
  }
  return static_cast<Enum>(value);
}

}  // namespace

std::string to_json(const std::vector<std::string>& list) {
  // Bytes that are no UTF-8 have no place in any of our lists; replaced, they match nothing.
  return nlohmann::json(list).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<std::string> read_list(Statement& row, int column) {
  const auto json = nlohmann::json::parse(row.bytes(column), nullptr, false);
  std::vector<std::string> list;
  if (!json.is_array()) {
    row.damaged("a list");
    return list;
  }
  for (const auto& item : json) {
    if (const auto* text = item.get_ptr<const std::string*>()) {
      list.push_back(*text);
    } else {
      row.damaged("a list");
    }
  }
  return list;
}

User read_user(Statement& row, int at) {
  return {.key = row.bytes(at),
          .name = row.bytes(at + 1),
          .email = row.bytes(at + 2),
          .password_hash = row.bytes(at + 3),
          .disabled = row.integer(at + 4) != 0,
          .created_at = read_time(row, at + 5)};
}

Client read_client(Statement& row, int at) {
  return {.id = row.bytes(at),
          .name = row.bytes(at + 1),
          .auth = read_enum(row, at + 2, ClientAuth::private_key_jwt),
          .secret_hash = row.bytes(at + 3),
          .redirect_uris = read_list(row, at + 4),
          .grant_types = read_list(row, at + 5),
          .application_type = row.bytes(at + 6),
          .client_uri = row.bytes(at + 7),
          .scope = row.bytes(at + 8),
          .dynamic = row.integer(at + 9) != 0,
          .fingerprint = row.bytes(at + 10),
          .created_at = read_time(row, at + 11),
          .last_used_at = read_time(row, at + 12),
          .issuer = row.bytes(at + 13),
          .jwks = row.bytes(at + 14),
          .jwks_uri = row.bytes(at + 15),
          .tenant = row.bytes(at + 16),
          .role = row.bytes(at + 17),
          .resource = row.bytes(at + 18),
          .introspects = read_list(row, at + 19)};
}

Grant read_grant(Statement& row, int at) {
  return {.id = row.bytes(at),
          .kind = read_enum(row, at + 1, GrantKind::client_credentials),
          .user = row.bytes(at + 2),
          .tenant = row.bytes(at + 3),
          .client = row.bytes(at + 4),
          .resource = row.bytes(at + 5),
          .scopes = read_list(row, at + 6),
          .created_at = read_time(row, at + 7),
          .expires_at = read_time(row, at + 8),
          .revoked_at = read_optional_time(row, at + 9),
          .revoked_reason = row.bytes(at + 10),
          .last_used_at = read_optional_time(row, at + 11),
          .narrowed = row.integer(at + 12) != 0,
          .name = row.bytes(at + 13)};
}

Code read_code(Statement& row, int at) {
  return {.hash = row.bytes(at),
          .grant = row.bytes(at + 1),
          .client = row.bytes(at + 2),
          .redirect_uri = row.bytes(at + 3),
          .challenge = row.bytes(at + 4),
          .expires_at = read_time(row, at + 5),
          .used_at = read_optional_time(row, at + 6),
          .failures = static_cast<int>(row.integer(at + 7))};
}

AccessToken read_access(Statement& row, int at) {
  return {.hash = row.bytes(at),
          .grant = row.bytes(at + 1),
          .scopes = read_list(row, at + 2),
          .created_at = read_time(row, at + 3),
          .expires_at = read_time(row, at + 4)};
}

RefreshToken read_refresh(Statement& row, int at) {
  return {.hash = row.bytes(at),
          .grant = row.bytes(at + 1),
          .scopes = read_list(row, at + 2),
          .created_at = read_time(row, at + 3),
          .expires_at = read_time(row, at + 4),
          .rotated_at = read_optional_time(row, at + 5),
          .successor_hash = row.bytes(at + 6),
          .successor_sealed = row.bytes(at + 7)};
}

SigningKey read_signing_key(Statement& row) {
  return {.id = row.bytes(0),
          .issuer = row.bytes(1),
          .algorithm = row.bytes(2),
          .sealed = row.bytes(3),
          .created_at = read_time(row, 4),
          .active_at = read_time(row, 5),
          .token_life = Duration(row.integer(6)),
          .tokens_until = read_time(row, 7)};
}

ToolCheck read_tool_check(Statement& row) {
  return {.grant = row.bytes(0),
          .at = read_time(row, 1),
          .outcome = read_enum(row, 2, ToolCheckOutcome::not_allowed),
          .tools = row.integer(3)};
}

Tenant read_tenant(Statement& row) { return {.handle = row.bytes(0), .name = row.bytes(1), .plan = row.bytes(2)}; }

Membership read_membership(Statement& row) {
  return {.user = row.bytes(0), .tenant = row.bytes(1), .role = row.bytes(2)};
}

SignInSession read_session(Statement& row) {
  return {.hash = row.bytes(0), .user = row.bytes(1), .created_at = read_time(row, 2), .expires_at = read_time(row, 3)};
}

Change read_change(Statement& row) {
  return {.sequence = row.integer(0), .kind = read_enum(row, 1, ChangeKind::key_life), .subject = row.bytes(2)};
}

}  // namespace postern::store::sqlite
