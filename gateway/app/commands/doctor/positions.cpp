#include "app/commands/doctor/positions.hpp"

namespace postern::app::doctor {
namespace {

constexpr auto* kResource = "/.well-known/oauth-protected-resource";
constexpr auto* kServer = "/.well-known/oauth-authorization-server";
constexpr auto* kOpenId = "/.well-known/openid-configuration";

std::string path_of(const http::Url& url) { return url.path == "/" ? "" : url.path; }

}  // namespace

std::string without_slash(std::string text) {
  if (text.ends_with('/')) text.pop_back();
  return text;
}

std::vector<std::string> resource_metadata_positions(const http::Url& resource) {
  const auto root = resource.origin() + kResource;
  const auto path = without_slash(path_of(resource));
  if (path.empty()) return {root};
  return {root + path, root};
}

std::vector<std::string> server_metadata_positions(const http::Url& issuer) {
  const auto origin = issuer.origin();
  const auto path = without_slash(path_of(issuer));
  if (path.empty()) return {origin + kServer, origin + kOpenId};
  return {origin + kServer + path, origin + kOpenId + path, origin + path + kOpenId};
}

std::vector<std::string> misplaced_server_metadata(const http::Url& issuer) {
  const auto origin = issuer.origin();
  const auto path = without_slash(path_of(issuer));
  if (path.empty()) return {};
  return {origin + path + kServer, origin + kServer, origin + kOpenId};
}

}  // namespace postern::app::doctor
