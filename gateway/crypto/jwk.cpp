#include "crypto/jwk.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace postern::crypto {
namespace {

using nlohmann::json;

struct Named {
  JwsAlgorithm algorithm;
  std::string_view name;
  KeyType type;
};

constexpr std::array<Named, 4> kAlgorithms = {{
    {JwsAlgorithm::rs256, "RS256", KeyType::rsa},
    {JwsAlgorithm::ps256, "PS256", KeyType::rsa},
    {JwsAlgorithm::es256, "ES256", KeyType::p256},
    {JwsAlgorithm::eddsa, "EdDSA", KeyType::ed25519},
}};

constexpr JsonLimits kLimits{.depth = 8, .nodes = 8'000};
constexpr std::size_t kLongestParameter = 2 * kLargestRsaBits / 8;

const Named& row_of(JwsAlgorithm algorithm) noexcept {
  return *std::ranges::find(kAlgorithms, algorithm, &Named::algorithm);
}

Error invalid(std::string what) { return fail(Errc::invalid, std::move(what)); }

// RFC 7518 sections 6.2.2 and 6.3.2, RFC 8037 section 2, and `k` of section 6.4.1.
bool holds_private_member(const json& document) {
  constexpr std::array<const char*, 8> names = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
  return std::ranges::any_of(names, [&](const char* name) { return document.contains(name); });
}

// The text of a member; nullopt where it is there and is no string.
std::optional<std::string> text_of(const json& document, const char* name) {
  const auto at = document.find(name);
  if (at == document.end()) return std::string();
  if (!at->is_string()) return std::nullopt;
  return at->get<std::string>();
}

std::optional<std::string> bytes_of(const json& document, const char* name) {
  const auto text = text_of(document, name);
  if (!text || text->empty() || text->size() > kLongestParameter) return std::nullopt;
  return base64url_decode(*text);
}

// RFC 7517 sections 4.2 and 4.3.
std::optional<Error> use_fault(const json& document) {
  if (const auto use = text_of(document, "use"); !use || (document.contains("use") && *use != "sig")) {
    return invalid("a key is not for signatures (`use`)");
  }
  const auto operations = document.find("key_ops");
  if (operations == document.end()) return std::nullopt;
  if (!operations->is_array() || std::ranges::find(*operations, json("verify")) == operations->end()) {
    return invalid("a key is not for verifying (`key_ops`)");
  }
  return std::nullopt;
}

Result<PublicKey> parameters_of(const json& document) {
  const auto kind = text_of(document, "kty").value_or("");
  const auto curve = text_of(document, "crv").value_or("");
  const auto missing = [&] { return invalid("a parameter of the " + kind + " key is missing or no base64url"); };
  if (kind == "RSA") {
    const auto n = bytes_of(document, "n");
    const auto e = bytes_of(document, "e");
    if (!n || !e) return missing();
    return PublicKey::rsa(*n, *e);
  }
  if (kind == "EC" && curve == "P-256") {
    const auto x = bytes_of(document, "x");
    const auto y = bytes_of(document, "y");
    if (!x || !y) return missing();
    return PublicKey::p256(*x, *y);
  }
  if (kind == "OKP" && curve == "Ed25519") {
    const auto x = bytes_of(document, "x");
    if (!x) return missing();
    return PublicKey::ed25519(*x);
  }
  return invalid("a key is neither RSA, EC on P-256 nor OKP on Ed25519");
}

}  // namespace

std::string_view to_string(JwsAlgorithm algorithm) noexcept { return row_of(algorithm).name; }

std::optional<JwsAlgorithm> jws_algorithm(std::string_view name) noexcept {
  const auto found = std::ranges::find(kAlgorithms, name, &Named::name);
  return found == kAlgorithms.end() ? std::nullopt : std::optional(found->algorithm);
}

bool fits(JwsAlgorithm algorithm, KeyType type) noexcept { return row_of(algorithm).type == type; }

JwsAlgorithm default_algorithm(KeyType type) noexcept {
  return std::ranges::find(kAlgorithms, type, &Named::type)->algorithm;
}

Result<Jwk> read_jwk(const json& document) {
  if (!document.is_object()) return invalid("a key is not a JSON object");
  if (holds_private_member(document)) {
    return fail(Errc::denied, "a key is private: make a new one and publish its public part alone");
  }
  if (auto fault = use_fault(document)) return *std::move(fault);
  const auto kid = text_of(document, "kid");
  if (!kid || kid->size() > kLongestKid) return invalid("a key's `kid` is no string of up to 256 bytes");
  const auto named = text_of(document, "alg");
  if (!named) return invalid("a key's `alg` is no string");
  auto key = parameters_of(document);
  if (!key) return key.error();

  Jwk read{*std::move(key), *kid, std::nullopt};
  if (document.contains("alg")) {
    read.algorithm = jws_algorithm(*named);
    if (!read.algorithm || !fits(*read.algorithm, read.key.type())) {
      return invalid("a key's `alg` is none of RS256, PS256, ES256 and EdDSA, or not one for its `kty`");
    }
  }
  return read;
}

Result<JwkSet> read_jwk_set(const json& document) {
  const auto keys = document.is_object() ? document.find("keys") : document.end();
  if (!document.is_object() || keys == document.end() || !keys->is_array()) {
    return invalid("a set of keys is a JSON object with an array `keys`");
  }
  if (keys->size() > kMostJwks) return invalid("a set holds more than 64 keys");
  JwkSet set;
  for (const json& entry : *keys) {
    auto key = read_jwk(entry);
    if (key) {
      set.keys.push_back(*std::move(key));
    } else if (key.error().code == Errc::denied) {
      return key.error();
    } else {
      set.skipped.push_back(key.error().what);
    }
  }
  return set;
}

Result<JwkSet> parse_jwk_set(std::string_view text) {
  if (text.size() > kLargestJwkSet) return invalid("a set of keys is larger than 128 KiB");
  const auto document = read_json(text, kLimits);
  if (!document) return invalid("a set of keys: " + document.error().reason);
  return read_jwk_set(*document);
}

nlohmann::ordered_json to_json(const Jwk& key) {
  nlohmann::ordered_json document;
  for (const auto& [name, value] : key.key.members()) document[name] = value;
  document["use"] = "sig";
  if (key.algorithm) document["alg"] = to_string(*key.algorithm);
  if (!key.kid.empty()) document["kid"] = key.kid;
  return document;
}

nlohmann::ordered_json to_json(const std::vector<Jwk>& keys) {
  nlohmann::ordered_json set;
  set["keys"] = nlohmann::ordered_json::array();
  for (const Jwk& key : keys) set["keys"].push_back(to_json(key));
  return set;
}

}  // namespace postern::crypto
