#include "app/commands/doctor/walk.hpp"

#include <gtest/gtest.h>

#include "unit/app/commands/doctor/deployment.hpp"

namespace postern::app::doctor {
namespace {

TEST(Doctor, FindsNothingInTheWayOfAnybodyInAHealthyDeployment) {
  Deployment healthy;
  const auto diagnosis = diagnosis_of(healthy);
  EXPECT_TRUE(diagnosis.is_well());
  EXPECT_GE(diagnosis.lines.size(), 25U);
  for (const auto& line : diagnosis.lines) {
    EXPECT_EQ(line.finding.state, State::ok) << line.id << ": " << line.finding.fault << ", " << line.finding.seen;
  }
  EXPECT_TRUE(diagnosis.rest.empty());
}

TEST(Doctor, ChangesNothing) {
  Deployment healthy;
  diagnosis_of(healthy);
  for (std::size_t i = 0; i < healthy.asked.size(); ++i) {
    if (healthy.asked[i] == "POST https://ai.example.test/oauth/register") EXPECT_EQ(healthy.bodies[i], "[]");
    if (healthy.asked[i] == "POST https://ai.example.test/oauth/token") {
      EXPECT_EQ(healthy.bodies[i], "grant_type=authorization_code");
    }
  }
}

Finding reach_of(Deployment& deployment, const char* name, bool named) {
  auto walk = walk_of(deployment);
  walk.named_client = named;
  const auto* client = find_client(name);
  return finding_of(diagnose(walk, std::span(client, 1), false), "reach/" + std::string(name));
}

TEST(DoctorReach, WhatIsNotOfThePublicInternetIsAFaultForAClientThatCallsFromElsewhere) {
  for (const auto* address :
       {"127.0.0.1", "10.0.0.7", "169.254.169.254", "100.64.0.1", "::1", "fd00::1", "::ffff:192.168.0.1"}) {
    Deployment deployment;
    deployment.leads_to["ai.example.test"] = {address};
    const auto named = reach_of(deployment, "chatgpt", true);
    EXPECT_EQ(named.state, State::failed) << address;
    EXPECT_EQ(named.fault, "address") << address;
    EXPECT_NE(named.seen.find("ai.example.test is at " + std::string(address)), std::string::npos) << named.seen;
    const auto unnamed = reach_of(deployment, "chatgpt", false);
    EXPECT_EQ(unnamed.state, State::note) << "nobody said that ChatGPT is to work";
    EXPECT_EQ(unnamed.fault, "address");
    EXPECT_EQ(reach_of(deployment, "claude", true).state, State::note) << "Claude Code calls from here";
    EXPECT_EQ(reach_of(deployment, "cursor", true).fault, "no such step") << "Cursor calls from here alone";
    EXPECT_TRUE(diagnosis_of(deployment).is_well());
  }
}

TEST(DoctorReach, ALoopbackAddressThatWasTypedIsARehearsal) {
  for (const auto* typed : {"http://127.0.0.1:8080/mcp", "http://[::1]:8080/mcp", "http://localhost:8080/mcp"}) {
    Deployment deployment;
    deployment.leads_to["localhost"] = {"127.0.0.1"};
    auto walk = walk_of(deployment, typed);
    walk.named_client = true;
    const auto found = finding_of(diagnose(walk, std::span(find_client("chatgpt"), 1), false), "reach/chatgpt");
    EXPECT_EQ(found.fault, walk.url.host == "localhost" ? "address" : "no such step") << typed;
  }
}

TEST(DoctorReach, OneSpecialAddressAmongPublicOnesIsNamedAlone) {
  Deployment deployment;
  deployment.leads_to["ai.example.test"] = {"8.8.8.8", "10.0.0.7"};
  EXPECT_EQ(reach_of(deployment, "chatgpt", true).seen, "ai.example.test is at 10.0.0.7 (private)");
}

TEST(DoctorReach, TheEndpointsThatTheClientItselfCallsCountAsWell) {
  Deployment deployment;
  deployment.change_server({{"token_endpoint", "https://token.example.test/token"},
                            {"authorization_endpoint", "https://sign-in.example.test/authorize"}});
  deployment.leads_to["sign-in.example.test"] = {"10.0.0.8"};
  EXPECT_EQ(reach_of(deployment, "chatgpt", true).state, State::ok) << "the user's browser alone goes there";
  deployment.leads_to["token.example.test"] = {"10.0.0.7"};
  EXPECT_EQ(reach_of(deployment, "chatgpt", true).seen, "token.example.test is at 10.0.0.7 (private)");
}

// One thing broken at a time, and what that is called.
struct Break {
  const char* name;
  const char* step;
  const char* fault;
  void (*act)(Deployment& deployment);
};

void PrintTo(const Break& broken, std::ostream* out) { *out << broken.name; }

constexpr auto* kChallenge = "POST https://ai.example.test/mcp";
constexpr auto* kMetadata = "GET https://ai.example.test/.well-known/oauth-protected-resource/mcp";
constexpr auto* kRoot = "GET https://ai.example.test/.well-known/oauth-protected-resource";
constexpr auto* kServer = "GET https://ai.example.test/.well-known/oauth-authorization-server";
constexpr auto* kOpenId = "GET https://ai.example.test/.well-known/openid-configuration";

const Break kBreaks[] = {
    {"NoName", "connection", "name", [](Deployment& d) { d.at[kChallenge] = {.trouble = Trouble::name}; }},
    {"NoConnection", "connection", "connection",
     [](Deployment& d) { d.at[kChallenge] = {.trouble = Trouble::connection}; }},
    {"WrongCertificate", "connection", "certificate",
     [](Deployment& d) { d.at[kChallenge] = {.trouble = Trouble::certificate, .why = "hostname mismatch"}; }},
    {"NoTls", "connection", "tls", [](Deployment& d) { d.at[kChallenge] = {.trouble = Trouble::tls}; }},
    {"Silence", "connection", "no_answer", [](Deployment& d) { d.at[kChallenge] = {.trouble = Trouble::timed_out}; }},
    {"NoHttp", "connection", "bad_http", [](Deployment& d) { d.at[kChallenge] = {.trouble = Trouble::http}; }},
    {"Unprotected", "challenge", "not_protected",
     [](Deployment& d) { d.at[kChallenge] = json_answer(200, {{"jsonrpc", "2.0"}}); }},
    {"NotServed", "challenge", "resource_not_served",
     [](Deployment& d) { d.at.erase(kChallenge), d.at.erase("POST https://ai.example.test/mcp/"); }},
    {"ServedWithSlashAlone", "challenge", "slash_needed", [](Deployment& d) { d.at.erase(kChallenge); }},
    {"UnknownHost", "challenge", "unknown_host", [](Deployment& d) { d.at[kChallenge] = json_answer(421, {}); }},
    {"GatewayDown", "challenge", "server_error", [](Deployment& d) { d.at[kChallenge] = page(502); }},
    {"PageInsteadOfTheResource", "challenge", "html", [](Deployment& d) { d.at[kChallenge] = page(); }},
    {"RedirectToSlash", "challenge", "redirected_slash",
     [](Deployment& d) { d.at[kChallenge] = redirect("https://ai.example.test/mcp/"); }},
    {"RedirectToPlainHttp", "challenge", "redirected_to_http",
     [](Deployment& d) { d.at[kChallenge] = redirect("http://ai.example.test/mcp"); }},
    {"RedirectToASignIn", "challenge", "redirected_elsewhere",
     [](Deployment& d) { d.at[kChallenge] = redirect("https://login.example.test/"); }},
    {"ChallengeStripped", "challenge", "challenge_missing",
     [](Deployment& d) { d.at[kChallenge] = json_answer(401, {}); }},
    {"ChallengeOfAProxy", "challenge", "challenge_not_bearer",
     [](Deployment& d) { d.at[kChallenge] = {.status = 401, .fields = {{"WWW-Authenticate", "Basic realm=\"x\""}}}; }},
    {"ChallengeWithoutMetadata", "challenge", "resource_metadata_missing",
     [](Deployment& d) { d.at[kChallenge] = {.status = 401, .fields = {{"WWW-Authenticate", "Bearer realm=\"x\""}}}; }},
    {"RelativeMetadata", "challenge", "resource_metadata_relative",
     [](Deployment& d) { d.at[kChallenge] = Deployment::challenge("/.well-known/oauth-protected-resource/mcp"); }},
    {"ForeignMetadata", "challenge", "resource_metadata_foreign",
     [](Deployment& d) { d.at[kChallenge] = Deployment::challenge("https://gateway.internal/.well-known/x"); }},
    {"MetadataOverPlainHttp", "challenge", "resource_metadata_scheme",
     [](Deployment& d) { d.at[kChallenge] = Deployment::challenge("http://ai.example.test/.well-known/x"); }},
    {"SiblingRedirected", "slash", "redirected_slash",
     [](Deployment& d) { d.at["POST https://ai.example.test/mcp/"] = redirect("https://ai.example.test/mcp"); }},
    {"GetNotChallenged", "get", "get_not_challenged",
     [](Deployment& d) { d.at["GET https://ai.example.test/mcp"] = page(); }},
    {"NoMetadata", "resource_metadata", "missing", [](Deployment& d) { d.at.erase(kMetadata), d.at.erase(kRoot); }},
    {"MetadataIsAPage", "resource_metadata", "html", [](Deployment& d) { d.at[kMetadata] = page(); }},
    {"MetadataIsNoJson", "resource_metadata", "not_json",
     [](Deployment& d) { d.at[kMetadata] = {.status = 200, .fields = {}, .body = "{\"resource\": "}; }},
    {"MetadataAsText", "resource_metadata", "content_type",
     [](Deployment& d) { d.at[kMetadata].fields = {{"Content-Type", "text/plain"}}; }},
    {"MetadataNeedsAToken", "resource_metadata", "needs_credentials",
     [](Deployment& d) { d.at[kMetadata] = json_answer(401, {}); }},
    {"MetadataRefusesGet", "resource_metadata", "method_refused",
     [](Deployment& d) { d.at[kMetadata] = json_answer(405, {}); }},
    {"MetadataFails", "resource_metadata", "server_error", [](Deployment& d) { d.at[kMetadata] = page(503); }},
    {"MetadataTooLarge", "resource_metadata", "too_large",
     [](Deployment& d) { d.at[kMetadata] = {.trouble = Trouble::too_large}; }},
    {"MetadataAtTheRootAlone", "resource_position", "path_missing",
     [](Deployment& d) {
       d.at.erase(kMetadata);
       d.at[kChallenge] = Deployment::challenge("https://ai.example.test/.well-known/oauth-protected-resource");
     }},
    {"OlderMetadataAtThePath", "resource_position", "path_differs",
     [](Deployment& d) {
       d.at[kMetadata] = json_answer(200, {{"resource", "https://old.example.test/mcp"}});
       d.at[kChallenge] = Deployment::challenge("https://ai.example.test/.well-known/oauth-protected-resource");
     }},
    {"ResourceWithSlash", "resource", "resource_slash",
     [](Deployment& d) { d.change_resource({{"resource", "https://ai.example.test/mcp/"}}); }},
    {"ResourceOfAnotherHost", "resource", "resource_host",
     [](Deployment& d) { d.change_resource({{"resource", "https://gateway.internal/mcp"}}); }},
    {"ResourceOverPlainHttp", "resource", "resource_scheme",
     [](Deployment& d) { d.change_resource({{"resource", "http://ai.example.test/mcp"}}); }},
    {"ResourceAtAnotherPort", "resource", "resource_port",
     [](Deployment& d) { d.change_resource({{"resource", "https://ai.example.test:8443/mcp"}}); }},
    {"ResourceAtAnotherPath", "resource", "resource_path",
     [](Deployment& d) { d.change_resource({{"resource", "https://ai.example.test/v1/mcp"}}); }},
    {"NoResource", "resource", "resource_missing", [](Deployment& d) { d.change_resource({{"resource", nullptr}}); }},
    {"NoScopes", "scopes", "scopes_missing", [](Deployment& d) { d.change_resource({{"scopes_supported", nullptr}}); }},
    {"EmptyScopes", "scopes", "scopes_empty",
     [](Deployment& d) { d.change_resource({{"scopes_supported", nlohmann::json::array()}}); }},
    {"NoAuthorizationServer", "authorization_server", "no_authorization_server",
     [](Deployment& d) { d.change_resource({{"authorization_servers", nlohmann::json::array()}}); }},
    {"IssuerOverPlainHttp", "authorization_server", "issuer_plain",
     [](Deployment& d) { d.change_resource({{"authorization_servers", {"http://ai.example.test"}}}); }},
    {"NoServerMetadata", "server_metadata", "missing", [](Deployment& d) { d.at.erase(kServer), d.at.erase(kOpenId); }},
    {"ServerMetadataFails", "server_metadata", "server_error", [](Deployment& d) { d.at[kServer] = page(500); }},
    {"MisplacedServerMetadata", "server_metadata", "misplaced",
     [](Deployment& d) {
       d.change_resource({{"authorization_servers", {"https://ai.example.test/t"}}});
       d.change_server({{"issuer", "https://ai.example.test/t"}});
     }},
    {"IssuerWithSlash", "issuer", "issuer_slash",
     [](Deployment& d) { d.change_server({{"issuer", "https://ai.example.test/"}}); }},
    {"AnotherIssuer", "issuer", "issuer_differs",
     [](Deployment& d) { d.change_server({{"issuer", "https://api.example.test"}}); }},
    {"PlainIssuer", "issuer", "issuer_scheme",
     [](Deployment& d) { d.change_server({{"issuer", "http://ai.example.test"}}); }},
    {"NoIssuer", "issuer", "issuer_missing", [](Deployment& d) { d.change_server({{"issuer", nullptr}}); }},
    {"NoTokenEndpoint", "endpoints", "endpoint_missing",
     [](Deployment& d) { d.change_server({{"token_endpoint", nullptr}}); }},
    {"RelativeEndpoint", "endpoints", "endpoint_unusable",
     [](Deployment& d) { d.change_server({{"token_endpoint", "/oauth/token"}}); }},
    {"PlainEndpoint", "endpoints", "endpoint_plain",
     [](Deployment& d) { d.change_server({{"token_endpoint", "http://ai.example.test/oauth/token"}}); }},
    {"InternalEndpoint", "endpoints", "endpoint_internal",
     [](Deployment& d) { d.change_server({{"authorization_endpoint", "https://10.0.0.7/oauth/authorize"}}); }},
    {"EndpointOnAnotherOrigin", "endpoints", "endpoint_origin",
     [](Deployment& d) { d.change_server({{"token_endpoint", "https://login.example.test/token"}}); }},
    {"EndpointOnAnotherOriginThatIsNotThere", "token_endpoint", "not_there",
     [](Deployment& d) { d.change_server({{"token_endpoint", "https://login.example.test/token"}}); }},
    {"NoPkce", "pkce", "no_s256",
     [](Deployment& d) { d.change_server({{"code_challenge_methods_supported", nullptr}}); }},
    {"PlainPkce", "pkce", "no_s256",
     [](Deployment& d) { d.change_server({{"code_challenge_methods_supported", {"plain"}}}); }},
    {"AuthorizationEndpointFails", "authorization_endpoint", "server_error",
     [](Deployment& d) { d.at["GET https://ai.example.test/oauth/authorize"] = page(500); }},
    {"AuthorizationEndpointGone", "authorization_endpoint", "not_there",
     [](Deployment& d) { d.at.erase("GET https://ai.example.test/oauth/authorize"); }},
    {"TokenEndpointIsAPage", "token_endpoint", "no_oauth_error",
     [](Deployment& d) { d.at["POST https://ai.example.test/oauth/token"] = page(); }},
    {"TokenEndpointRedirects", "token_endpoint", "redirected_elsewhere",
     [](Deployment& d) { d.at["POST https://ai.example.test/oauth/token"] = redirect("https://x.test/"); }},
    {"AnotherOpenIdConfiguration", "openid_configuration", "openid_differs",
     [](Deployment& d) { d.at[kOpenId] = json_answer(200, {{"issuer", "https://old.example.test"}}); }},
    {"ProbesAreAPage", "probes", "html",
     [](Deployment& d) { d.at["GET https://ai.example.test/mcp/.well-known/openid-configuration"] = page(); }},
    {"ProbesNeedAToken", "probes", "needs_credentials",
     [](Deployment& d) {
       d.at["GET https://ai.example.test/.well-known/oauth-authorization-server/mcp"] = json_answer(401, {});
     }},
    {"NoRootMetadata", "root_metadata/chatgpt", "root_missing", [](Deployment& d) { d.at.erase(kRoot); }},
    {"RootOfAnotherResource", "root_metadata/chatgpt", "root_other",
     [](Deployment& d) { d.at[kRoot] = json_answer(200, {{"resource", "https://ai.example.test/other"}}); }},
    {"RegistrationClosed", "registration/cursor", "registration_closed",
     [](Deployment& d) { d.change_server({{"registration_endpoint", nullptr}}); }},
    {"RegistrationNeedsAToken", "registration/inspector", "registration_closed",
     [](Deployment& d) { d.at["POST https://ai.example.test/oauth/register"] = json_answer(403, {}); }},
    {"RegistrationIsAPage", "registration/cursor", "registration_broken",
     [](Deployment& d) { d.at["POST https://ai.example.test/oauth/register"] = page(); }},
    {"NoMetadataDocuments", "registration/claude", "documents_unsupported",
     [](Deployment& d) { d.change_server({{"client_id_metadata_document_supported", nullptr}}); }},
    {"NeitherDocumentsNorRegistration", "registration/chatgpt", "registration_closed",
     [](Deployment& d) {
       d.change_server({{"client_id_metadata_document_supported", false}, {"registration_endpoint", nullptr}});
     }},
    {"NoPublicClients", "client_authentication/claude", "no_public_clients",
     [](Deployment& d) { d.change_server({{"token_endpoint_auth_methods_supported", {"private_key_jwt"}}}); }},
    {"PreflightRefused", "cors/inspector", "preflight_refused",
     [](Deployment& d) { d.at["OPTIONS https://ai.example.test/oauth/token"] = json_answer(405, {}); }},
    {"OriginRefused", "cors/inspector", "origin_refused",
     [](Deployment& d) {
       d.at["OPTIONS https://ai.example.test/mcp"] = json_answer(403, {{"error", "origin_not_allowed"}});
     }},
    {"NoCors", "cors/inspector", "cors_missing",
     [](Deployment& d) { d.at["OPTIONS https://ai.example.test/mcp"] = {.status = 204}; }},
    {"StarDoesNotCoverAuthorization", "cors/inspector", "cors_header",
     [](Deployment& d) {
       d.at["OPTIONS https://ai.example.test/mcp"].fields = {{"Access-Control-Allow-Origin", "*"},
                                                             {"Access-Control-Allow-Headers", "*"}};
     }},
};

class DoctorNames : public testing::TestWithParam<Break> {};

TEST_P(DoctorNames, TheFault) {
  Deployment deployment;
  GetParam().act(deployment);
  const auto diagnosis = diagnosis_of(deployment);
  const auto finding = finding_of(diagnosis, GetParam().step);
  EXPECT_EQ(finding.fault, GetParam().fault) << finding.seen;
  EXPECT_TRUE(finding.state == State::failed || finding.state == State::note);
  EXPECT_FALSE(finding.mend.empty());
  if (finding.state == State::failed) {
    EXPECT_FALSE(diagnosis.is_well());
    EXPECT_FALSE(finding.seen.empty());
    EXPECT_FALSE(finding.expected.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Each, DoctorNames, testing::ValuesIn(kBreaks),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Doctor, SendsClientsWithKeysPastAMissingNone) {
  Deployment deployment;
  deployment.change_server({{"token_endpoint_auth_methods_supported", {"private_key_jwt"}}});
  const auto diagnosis = diagnosis_of(deployment);
  EXPECT_EQ(finding_of(diagnosis, "client_authentication/chatgpt").state, State::ok);
}

TEST(Doctor, TakesARefusedPageForAFaultWhereItsClientWasNamed) {
  Deployment deployment;
  deployment.at["OPTIONS https://ai.example.test/mcp"] = json_answer(403, {{"error", "origin_not_allowed"}});
  auto walk = walk_of(deployment);
  walk.named_client = true;
  const auto* inspector = find_client("inspector");
  ASSERT_NE(inspector, nullptr);
  EXPECT_FALSE(diagnose(walk, std::span(inspector, 1), false).is_well());
}

TEST(Doctor, HoldsTheAuthorizationServerAgainstTheOneThatIsWanted) {
  Deployment deployment;
  auto walk = walk_of(deployment);
  walk.wanted_issuer = "https://login.example.test";
  EXPECT_EQ(finding_of(diagnose(walk, {}, false), "authorization_server").fault, "wrong_server");
}

// A stranger's document must not make whoever asks about it send requests into their own network.
TEST(Doctor, SendsNothingToAnEndpointWhoseAddressIsAtFault) {
  for (const auto* url : {"https://169.254.169.254/latest", "https://10.0.0.1/token", "https://vault.internal/token",
                          "http://ai.example.test/oauth/token", "https://[::1]/token", "https://intranet/token"}) {
    for (const auto* member : {"authorization_endpoint", "token_endpoint", "registration_endpoint"}) {
      Deployment deployment;
      deployment.change_server({{member, url}, {"client_id_metadata_document_supported", false}});
      const auto diagnosis = diagnosis_of(deployment);
      EXPECT_EQ(finding_of(diagnosis, "endpoints").state, State::failed) << url;
      for (const auto& asked : deployment.asked) EXPECT_FALSE(asked.ends_with(url)) << member << ": " << asked;
    }
  }
}

TEST(Doctor, StopsWhereNobodyAnswers) {
  Deployment deployment;
  deployment.at[kChallenge] = {.trouble = Trouble::connection};
  diagnosis_of(deployment);
  EXPECT_EQ(deployment.asked, std::vector<std::string>{kChallenge});
}

}  // namespace
}  // namespace postern::app::doctor
