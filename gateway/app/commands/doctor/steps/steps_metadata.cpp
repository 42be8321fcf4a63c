#include <array>

#include "app/commands/doctor/steps/steps_resource.hpp"
#include "app/commands/doctor/steps/steps_server.hpp"

namespace postern::app::doctor {
namespace {

constexpr std::array<Step, 13> kSteps{{
    {"resource_metadata", "The protected resource metadata is where clients are sent", check_resource_metadata},
    {"resource_position", "It is where clients look by themselves, too", check_resource_position},
    {"resource", "It names the URL that was typed", check_resource},
    {"scopes", "It names the scopes to ask for", check_scopes},
    {"authorization_server", "It names an authorization server", check_authorization_server},
    {"server_metadata", "The authorization server's metadata is where clients look", check_server_metadata},
    {"issuer", "It is of the issuer that was named", check_issuer},
    {"endpoints", "Its endpoints are public URLs", check_endpoints},
    {"pkce", "It does PKCE with S256", check_pkce},
    {"authorization_endpoint", "The authorization endpoint answers", check_authorization_endpoint},
    {"token_endpoint", "The token endpoint answers", check_token_endpoint},
    {"openid_configuration", "openid-configuration says the same", check_openid},
    {"probes", "Other places where clients look are no trap", check_probes},
}};

}  // namespace

std::span<const Step> metadata_steps() { return kSteps; }

}  // namespace postern::app::doctor
