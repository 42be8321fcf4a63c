#include "idp/device.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"

namespace postern::idp {
namespace {

constexpr std::size_t kIdBytes = 16;

// Fields do not run into each other: neither keys nor hashes hold a line end, and the id stands last.
std::string proof_of(const store::User& user, std::string_view id) {
  return base64url_encode(
      crypto::sha256_string("device\n" + user.key + "\n" + user.password_hash + "\n" + std::string(id)));
}

}  // namespace

Device new_device(const store::User& user, Time now) {
  std::string id = crypto::random_token(kIdBytes);
  std::string proof = proof_of(user, id);
  return {std::move(id), std::move(proof), now + kDeviceLifetime};
}

bool is_device_of(const Device& device, const store::User& user, Time now) {
  return device.expires_at > now && crypto::constant_time_equal(device.proof, proof_of(user, device.id));
}

const Device* find_device(const std::vector<Device>& devices, const store::User& user, Time now) {
  const auto found = std::ranges::find_if(devices, [&](const auto& each) { return is_device_of(each, user, now); });
  return found == devices.end() ? nullptr : &*found;
}

}  // namespace postern::idp
