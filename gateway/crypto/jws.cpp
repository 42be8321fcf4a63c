#include "crypto/jws.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "base/strings.hpp"

namespace postern::crypto {
namespace {

using nlohmann::json;

constexpr std::string_view kObjectInBase64 = "ey";  // what `{"` begins as
constexpr std::size_t kLongestHeader = 4 * 1024;    // bytes of JSON; some carry certificates
constexpr std::size_t kLongestTyp = 64;
constexpr JsonLimits kHeaderLimits{.depth = 8, .nodes = 100};

Error invalid(const char* what) { return fail(Errc::invalid, what); }

struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
};

std::optional<Parts> parts_of(std::string_view compact) noexcept {
  const auto first = compact.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = compact.find('.', first + 1);
  if (second == std::string_view::npos || compact.find('.', second + 1) != std::string_view::npos) return std::nullopt;
  return Parts{compact.substr(0, first), compact.substr(first + 1, second - first - 1), compact.substr(second + 1)};
}

bool is_base64url(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

// nullopt: no base64url, or no strict JSON object of a sensible size.
std::optional<json> header_of(std::string_view part) {
  const auto text = base64url_decode(part);
  if (!text || text->size() > kLongestHeader) return std::nullopt;
  auto header = read_json(*text, kHeaderLimits);
  if (!header || !header->is_object()) return std::nullopt;
  return *std::move(header);
}

// The text of a member; empty where there is none, nullopt where it is something else or too long.
std::optional<std::string> text_of(const json& header, const char* name, std::size_t longest) {
  const auto at = header.find(name);
  if (at == header.end()) return std::string();
  const auto* text = at->get_ptr<const std::string*>();
  if (text == nullptr || text->size() > longest) return std::nullopt;
  return *text;
}

std::string_view without_application(std::string_view type) noexcept {
  constexpr std::string_view prefix = "application/";
  return type.size() > prefix.size() && ascii_iequals(type.substr(0, prefix.size()), prefix)
             ? type.substr(prefix.size())
             : type;
}

}  // namespace

bool has_jws_shape(std::string_view value) noexcept {
  const auto parts = parts_of(value);
  return parts && parts->header.starts_with(kObjectInBase64) && is_base64url(parts->header) &&
         is_base64url(parts->payload) && is_base64url(parts->signature);
}

Result<Jws> Jws::read(std::string_view compact, std::span<const JwsAlgorithm> allowed) {
  if (compact.size() > kLongestJws) return invalid("the token is longer than 16 KiB");
  const auto parts = parts_of(compact);
  if (!parts) return invalid("the token is not a JWS of three parts");
  const auto header = header_of(parts->header);
  if (!header) return invalid("the header is no strict JSON object");
  if (header->contains("crit") || header->contains("b64")) return invalid("the header asks for an extension");

  // RFC 8725 section 3.1: the algorithms are ours to choose, the header only says which of them it is.
  const auto named = jws_algorithm(text_of(*header, "alg", kLongestTyp).value_or(""));
  if (!named || std::ranges::find(allowed, *named) == allowed.end()) {
    return invalid("the signature's algorithm is not accepted");
  }
  auto kid = text_of(*header, "kid", kLongestKid);
  auto typ = text_of(*header, "typ", kLongestTyp);
  if (!kid || !typ) return invalid("the header's kid or typ is no short string");
  auto payload = base64url_decode(parts->payload);
  auto signature = base64url_decode(parts->signature);
  if (!payload || !signature || signature->empty()) return invalid("a part is no base64url");

  Jws read;
  read.algorithm_ = *named;
  read.kid_ = *std::move(kid);
  read.typ_ = *std::move(typ);
  read.signed_ = compact.substr(0, parts->header.size() + 1 + parts->payload.size());
  read.payload_ = *std::move(payload);
  read.signature_ = *std::move(signature);
  return read;
}

bool Jws::has_type(std::string_view type) const noexcept {
  return ascii_iequals(without_application(typ_), without_application(type));
}

std::vector<const Jwk*> Jws::candidates(std::span<const Jwk> keys) const {
  std::vector<const Jwk*> found;
  for (const Jwk& key : keys) {
    if (found.size() == kMostJwks) break;
    if (!kid_.empty() && key.kid != kid_) continue;
    if (!fits(algorithm_, key.key.type())) continue;
    if (key.algorithm && *key.algorithm != algorithm_) continue;
    found.push_back(&key);
  }
  return found;
}

const Jwk* Jws::signer(std::span<const Jwk> keys) const {
  for (const Jwk* key : candidates(keys)) {
    if (verify(key->key, algorithm_, signed_, signature_)) return key;
  }
  return nullptr;
}

std::string sign_jws(const PrivateKey& key, JwsAlgorithm algorithm, std::string_view typ, std::string_view kid,
                     std::string_view payload) {
  nlohmann::ordered_json header;
  header["alg"] = to_string(algorithm);
  if (!typ.empty()) header["typ"] = typ;
  if (!kid.empty()) header["kid"] = kid;
  std::string signed_part = base64url_encode(header.dump()) + '.' + base64url_encode(payload);
  const std::string signature = sign(key, algorithm, signed_part);
  return signed_part + '.' + base64url_encode(signature);
}

}  // namespace postern::crypto
