#include "web/sign_in/device_cookie.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "http/header/cookie.hpp"

namespace postern::web {
namespace {

using nlohmann::json;

constexpr std::string_view kDeviceCookie = "postern_device";
constexpr std::string_view kPurpose = "postern device 1";
// More people than share a browser; fewer than would fill a request's head.
constexpr std::size_t kMostDevices = 8;

}  // namespace

std::vector<idp::Device> devices_of(const http::Request& request, const PageContext& context) {
  const auto cookie = http::read_cookie(request, kDeviceCookie, context.oauth.secure());
  const auto sealed = cookie ? base64url_decode(*cookie) : std::nullopt;
  const auto opened = sealed ? context.oauth.seal.open(*sealed, kPurpose) : std::nullopt;
  std::vector<idp::Device> devices;
  if (!opened) return devices;
  // What opens was written here.
  for (const auto& entry : json::parse(*opened)) {
    devices.push_back(
        {entry.at(0).get<std::string>(), entry.at(1).get<std::string>(), from_millis(entry.at(2).get<std::int64_t>())});
  }
  return devices;
}

std::string device_cookie(std::vector<idp::Device> devices, const store::User& user, const PageContext& context) {
  const Time now = context.oauth.clock.now();
  std::erase_if(devices,
                [&](const auto& each) { return each.expires_at <= now || idp::is_device_of(each, user, now); });
  if (devices.size() >= kMostDevices) devices.erase(devices.begin(), devices.end() - (kMostDevices - 1));
  devices.push_back(idp::new_device(user, now));
  json entries = json::array();
  for (const auto& each : devices) entries.push_back({each.id, each.proof, to_millis(each.expires_at)});
  const auto lifetime = std::chrono::duration_cast<std::chrono::seconds>(idp::kDeviceLifetime).count();
  return http::set_cookie(kDeviceCookie, base64url_encode(context.oauth.seal.seal(entries.dump(), kPurpose)),
                          {.secure = context.oauth.secure(), .max_age = static_cast<long>(lifetime)});
}

}  // namespace postern::web
