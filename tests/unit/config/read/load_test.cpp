#include "config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "unit/config/sample.hpp"
#include "unit/source_dir.hpp"

namespace postern::config {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

class Sample : public ::testing::Test {
 protected:
  void SetUp() override {
    auto loaded = load_text(sample_text(), kSamplePath, fake_.sources());
    ASSERT_TRUE(loaded) << loaded.error().to_string();
    config_ = std::move(*loaded);
  }

  FakeSources fake_ = sample_sources();
  Config config_;
};

TEST_F(Sample, ListenersAreRead) {
  ASSERT_EQ(config_.listen.size(), 3U);
  EXPECT_EQ(config_.listen[0].host, "0.0.0.0");
  EXPECT_EQ(config_.listen[0].port, 8443);
  ASSERT_EQ(config_.listen[0].certificates.size(), 1U);
  EXPECT_EQ(config_.listen[0].certificates[0].certificate, "/etc/postern/tls/acme.pem");
  EXPECT_EQ(config_.listen[0].certificates[0].key, "/etc/postern/tls/acme.key");
  EXPECT_TRUE(config_.listen[1].behind_proxy);
  EXPECT_EQ(config_.listen[2].serve, Serve::operations);
  EXPECT_THAT(config_.trusted_proxies, ElementsAre("10.0.0.0/8", "fd00::/8", "192.0.2.1/32"));
}

TEST_F(Sample, PathsAreAbsoluteFromTheFilesFolder) {
  EXPECT_EQ(config_.file, kSamplePath);
  EXPECT_EQ(config_.store, "sqlite:/etc/postern/data/postern.db");
  EXPECT_EQ(config_.policies.at(0).path, "/etc/postern/policies/orgonaut.yaml");
  EXPECT_EQ(config_.log.file, "/etc/postern/logs/postern.log");
  EXPECT_EQ(config_.log.audit, "/var/log/audit.log");
}

TEST_F(Sample, AuthorizationServersAreRead) {
  ASSERT_EQ(config_.authorization_servers.size(), 3U);
  const auto& main = config_.authorization_servers[0];
  EXPECT_EQ(main.name, "main");
  EXPECT_TRUE(main.is_default);
  EXPECT_EQ(main.issuer, "https://ai.example.test");
  EXPECT_EQ(main.endpoints.register_, "/oauth/register");
  EXPECT_EQ(main.access_token.prefix, "mcpv1_");
  EXPECT_EQ(main.access_token.lifetime, 10min);
  EXPECT_EQ(main.refresh_token.idle, 14 * 24h);
  EXPECT_TRUE(main.registration.open);
  EXPECT_EQ(main.registration.redirect_domains, std::nullopt);
  EXPECT_FALSE(main.step_up_refresh_refusal);
  const auto& closed = config_.authorization_servers[1];
  EXPECT_FALSE(closed.registration.open);
  EXPECT_THAT(closed.registration.redirect_domains.value(), ElementsAre("chatgpt.com", "claude.ai"));
}

TEST(Load, Compat9RedirectDomainsHoldSchemesLoopbacksAndWhatIsBelowADomain) {
  const auto config = load_text(
      "listen: [{address: 127.0.0.1:8080}]\nauthorization_servers: {main: {issuer: \"http://127.0.0.1:8080\", "
      "registration: {redirect_domains: [\"cursor:\", \"com.example.app:\", \"[::1]\", 127.0.0.1, localhost, "
      "\"*.example.com\", chatgpt.com], metadata_document_domains: [\"*.example.com\"]}}}\n"
      "upstreams: {tools: {urls: [http://127.0.0.1:3001/mcp]}}\n",
      "/p/r.yaml", system_sources());
  ASSERT_TRUE(config) << config.error().to_string();
  const auto& registration = config->authorization_servers[0].registration;
  EXPECT_THAT(registration.redirect_domains.value(), ElementsAre("cursor:", "com.example.app:", "[::1]", "127.0.0.1",
                                                                 "localhost", "*.example.com", "chatgpt.com"));
  EXPECT_THAT(registration.metadata_document_domains.value(), ElementsAre("*.example.com"));
}

TEST_F(Sample, TokensMadeElsewhereAreRead) {
  const auto& server = config_.authorization_servers[2];
  ASSERT_TRUE(server.external);
  EXPECT_EQ(server.issuer, "https://login.example/v2.0");
  const auto& external = *server.external;
  EXPECT_EQ(external.issuer, server.issuer);
  EXPECT_EQ(external.discovery, "https://login.example/.well-known/openid-configuration");
  EXPECT_EQ(external.jwks_uri, "https://login.example/keys");
  EXPECT_EQ(external.token_endpoint, "https://login.example/token");
  EXPECT_THAT(external.audience, ElementsAre("api-client-id"));
  EXPECT_THAT(external.token_types, ElementsAre("JWT", "at+jwt", "none"));
  EXPECT_THAT(external.algorithms, ElementsAre("RS256", "EdDSA"));
  EXPECT_THAT(external.claims.scopes, ElementsAre("scp", "roles"));
  EXPECT_THAT(external.claims.client, ElementsAre("azp", "appid"));
  EXPECT_EQ(external.claims.user, "oid");
  EXPECT_EQ(external.claims.email, "upn");
  EXPECT_EQ(external.claims.tenant, "tid");
  EXPECT_THAT(external.allowed_clients.value(), ElementsAre("chatgpt.com", "claude.ai"));
  EXPECT_THAT(external.required_scopes, ElementsAre("mcp:read"));
  EXPECT_THAT(external.tenant_map, ElementsAre(Pair("9188040d-6c67", "acme")));
  EXPECT_FALSE(external.members_only);
  EXPECT_EQ(external.role, "viewer");
}

TEST_F(Sample, ProvidersAreRead) {
  const auto& identity = config_.identity;
  EXPECT_TRUE(identity.local);
  EXPECT_EQ(identity.callback, "https://ai.example.test/oauth/callback");
  ASSERT_EQ(identity.providers.size(), 2U);
  const auto& contoso = identity.providers[0];
  EXPECT_EQ(contoso.name, "contoso");
  EXPECT_EQ(contoso.label, "Contoso");
  EXPECT_EQ(contoso.issuer, "https://sts.example/tenant/");
  EXPECT_EQ(contoso.discovery, "https://login.example/tenant/.well-known/openid-configuration");
  EXPECT_EQ(contoso.client_secret.reveal(), "hunter2");
  EXPECT_EQ(contoso.authentication, Provider::Authentication::post);
  EXPECT_THAT(contoso.scopes, ElementsAre("openid", "groups"));
  EXPECT_THAT(contoso.algorithms, ElementsAre("PS256"));
  EXPECT_TRUE(contoso.send_resource);
  EXPECT_EQ(contoso.claims.user, "oid");
  EXPECT_EQ(contoso.claims.name, "display_name");
  EXPECT_EQ(contoso.claims.email, "upn");
  EXPECT_EQ(contoso.claims.tenants, "groups");
  EXPECT_THAT(contoso.claims.tenant_map, ElementsAre(Pair("group-id", "acme")));
  EXPECT_EQ(contoso.claims.role, "role");
  const auto& other = identity.providers[1];
  EXPECT_EQ(other.label, "public");
  EXPECT_EQ(other.authentication, Provider::Authentication::none);
  EXPECT_THAT(other.scopes, ElementsAre("openid", "profile", "email"));
  EXPECT_FALSE(other.send_resource);
  EXPECT_EQ(other.claims.user, "sub");
}

TEST(TokensMadeElsewhere, HaveSafeDefaults) {
  const FakeSources fake;
  const auto loaded = load_text(
      "listen: [{address: 127.0.0.1:1}]\n"
      "authorization_servers: {entra: {external: {issuer: https://login.example/, audience: [api]}}}\n",
      "/p", fake.sources());
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  const auto& external = loaded->authorization_servers.at(0).external.value();
  EXPECT_TRUE(external.members_only);
  EXPECT_EQ(external.allowed_clients, std::nullopt);
  EXPECT_THAT(external.algorithms, ElementsAre("RS256", "ES256"));
  EXPECT_THAT(external.token_types, ElementsAre("JWT", "at+jwt"));
  EXPECT_THAT(external.required_scopes, IsEmpty());
}

TEST_F(Sample, MetadataDocumentsAndTheirFetchesAreRead) {
  const auto& main = config_.authorization_servers[0].registration;
  EXPECT_TRUE(main.metadata_documents);
  EXPECT_THAT(main.metadata_document_domains.value(), ElementsAre("claude.ai", "chatgpt.com"));
  const auto& closed = config_.authorization_servers[1].registration;
  EXPECT_FALSE(closed.metadata_documents);
  EXPECT_EQ(closed.metadata_document_domains, std::nullopt);
  EXPECT_EQ(config_.fetch.authorities, "/etc/postern/tls/authorities.pem");
  EXPECT_THAT(config_.fetch.allow_private, ElementsAre("10.1.0.0/16", "documents.intra.test"));
  ASSERT_EQ(config_.fetch.connect_to.size(), 1U);
  EXPECT_EQ(config_.fetch.connect_to[0].host, "claude.ai");
  EXPECT_EQ(config_.fetch.connect_to[0].address, "10.1.2.3");
  EXPECT_EQ(config_.fetch.connect_to[0].port, 8443);
}

TEST_F(Sample, TlsTowardsAnUpstreamIsRead) {
  ASSERT_EQ(config_.upstreams.size(), 4U);
  EXPECT_EQ(config_.upstreams[0].tls.authorities, "");
  const auto& remote = config_.upstreams[1];
  EXPECT_THAT(remote.urls, ElementsAre("https://mcp.example.test/mcp"));
  EXPECT_EQ(remote.tls.authorities, "/etc/postern/tls/authorities.pem");
  EXPECT_EQ(remote.tls.certificate, "/etc/postern/tls/acme.pem");
  EXPECT_EQ(remote.tls.key, "/etc/postern/tls/acme.key");
}

TEST(UpstreamTls, TheSystemsAuthoritiesAreTheDefaultAndCanBeNamed) {
  const FakeSources fake;
  for (const std::string tls : {"", ", tls: {ca: system}", ", tls: {}"}) {
    const auto loaded = load_text(
        "listen: [{address: 127.0.0.1:1}]\nupstreams: {a: {urls: [\"https://a.example.test/\"]" + tls + "}}\n", "/p",
        fake.sources());
    ASSERT_TRUE(loaded) << loaded.error().to_string();
    EXPECT_EQ(loaded->upstreams[0].tls.authorities, "") << tls;
  }
}

TEST_F(Sample, TenantsAndMembersAreRead) {
  EXPECT_EQ(config_.identity.session, 8h);
  ASSERT_EQ(config_.tenants.size(), 2U);
  EXPECT_EQ(config_.tenants[0].plan, "business");
  ASSERT_EQ(config_.tenants[0].members.size(), 4U);
  EXPECT_EQ(config_.tenants[0].members[2].user, "entra:AbC");
  EXPECT_EQ(config_.tenants[0].members[0].user, "alice");
  EXPECT_EQ(config_.tenants[0].members[0].role, "admin");
  EXPECT_EQ(config_.tenants[1].name, "globex");
}

TEST_F(Sample, UpstreamsAreRead) {
  ASSERT_EQ(config_.upstreams.size(), 4U);
  const auto& upstream = config_.upstreams[0];
  EXPECT_THAT(upstream.urls, ElementsAre("http://127.0.0.1:3001/mcp", "http://back.internal:3001/mcp"));
  EXPECT_THAT(upstream.headers, ElementsAre(Pair("X-Tenant", "{tenant.handle}"), Pair("X-User", "{user.email|-}"),
                                            Pair("X-Scopes", "{scopes}")));
  EXPECT_EQ(upstream.bearer.reveal(), "hunter2");
  EXPECT_EQ(upstream.connect_timeout, 1s);
  EXPECT_EQ(upstream.stream_idle_timeout, 5min);
  EXPECT_EQ(upstream.connections, 32U);
  EXPECT_FALSE(upstream.first_check);
}

TEST_F(Sample, HasAServerToRun) {
  ASSERT_EQ(config_.upstreams.size(), 4U);
  const auto& upstream = config_.upstreams[2];
  EXPECT_THAT(upstream.command, ElementsAre("sh", "server.sh", "--flag=a b"));
  ASSERT_EQ(upstream.env.size(), 1U);
  EXPECT_EQ(upstream.env[0].first, "API_KEY");
  EXPECT_EQ(upstream.env[0].second.reveal(), config_.upstreams[0].bearer.reveal());
  EXPECT_EQ(upstream.directory, "/usr");
  EXPECT_FALSE(upstream.shared_process);
  EXPECT_EQ(upstream.processes, 4U);
  EXPECT_EQ(upstream.session_idle, 10min);
  EXPECT_FALSE(upstream.sse);
  EXPECT_TRUE(config_.upstreams[3].sse);
}

TEST_F(Sample, ResourcesAreReadAndGetTheDefaultServer) {
  ASSERT_EQ(config_.resources.size(), 2U);
  EXPECT_EQ(config_.resources[0].serve, "https://ai.example.test/mcp");
  EXPECT_EQ(config_.resources[0].authorization_server, "main");
  EXPECT_EQ(config_.resources[0].name, "Orgonaut");
  EXPECT_TRUE(config_.resources[0].root);
  EXPECT_EQ(config_.resources[1].authorization_server, "closed");
  EXPECT_EQ(config_.resources[1].tenant, "acme");
  EXPECT_EQ(config_.resources[1].name, "orgonaut");
}

TEST_F(Sample, LimitsAreRead) {
  EXPECT_EQ(config_.limits.head, 16U * 1024);
  EXPECT_EQ(config_.limits.body_deadline, 20s);
  EXPECT_DOUBLE_EQ(config_.limits.call.burst, 100);
  EXPECT_DOUBLE_EQ(config_.limits.token.burst, 40);
  EXPECT_DOUBLE_EQ(config_.limits.register_.per_second, 0.5);
  EXPECT_DOUBLE_EQ(config_.limits.authorize.per_second, 3);
  EXPECT_DOUBLE_EQ(config_.limits.authorize.burst, 20);
  EXPECT_EQ(config_.log.level, LogLevel::warning);
  EXPECT_EQ(config_.workers, 4U);
  EXPECT_THAT(config_.origins, ElementsAre("https://app.example.test"));
  EXPECT_THAT(config_.warnings,
              ElementsAre(HasSubstr("several `providers` share one `callback`"),
                          HasSubstr("`fetch.unsafe_allow_private` lets whoever names a client_id make this gateway ask "
                                    "`10.1.0.0/16`"),
                          HasSubstr("`documents.intra.test`"), HasSubstr("`fetch.unsafe_connect_to` asks")));
}

std::string identity_faults(const std::string& identity) {
  const FakeSources fake;
  const auto loaded = load_text(
      "listen: [{address: 127.0.0.1:8080}]\nidentity:\n  providers: [{name: a, issuer: "
      "\"https://a.example\", client_id: x, client_secret: y" +
          identity,
      "/p", fake.sources());
  return loaded ? ::testing::PrintToString(loaded->warnings) : loaded.error().to_string();
}
constexpr const char* kSecond = "}, {name: b, issuer: \"https://b.example\", client_id: x, client_secret: y}]\n";

TEST(Load, EachOfSeveralProvidersHasACallbackOfItsOwn) {
  const std::string second = kSecond;
  const std::string at = "  callback: \"http://127.0.0.1:8080/";
  EXPECT_THAT(identity_faults(second + at + "cb\"\n"), HasSubstr("share one `callback`"));
  EXPECT_EQ(identity_faults(second + at + "cb/{provider}\"\n"), "{}");
  EXPECT_EQ(identity_faults(second + at + "{provider}/cb\"\n"), "{}");
  for (const char* bad : {"cb{provider}\"\n", "{provider}/{provider}\"\n", "{provider}x\"\n"}) {
    EXPECT_THAT(identity_faults(second + at + bad), HasSubstr("may hold `{provider}` once, as a whole segment")) << bad;
  }
  EXPECT_THAT(identity_faults(second + "  callback: \"http://{provider}:8080/cb\"\n"), HasSubstr("may hold"));
  EXPECT_THAT(identity_faults(second + at + "login/{provider}\"\n"), HasSubstr("lies under `/login`"));
}

TEST(Load, AProviderMayBeForSomeTenantsOnly) {
  const std::string at = "]\n  callback: \"http://127.0.0.1:8080/cb\"\n";
  EXPECT_EQ(identity_faults(", allowed_tenants: [acme, globex]}" + at), "{}");
  EXPECT_EQ(identity_faults(", allowed_tenants: [any]}" + at), "{}");
  EXPECT_THAT(identity_faults(", allowed_tenants: [any, acme]}" + at), HasSubstr("`any` stands alone"));
  EXPECT_THAT(identity_faults(", allowed_tenants: [Acme]}" + at), HasSubstr("must be a tenant's handle"));
  EXPECT_THAT(identity_faults(", allowed_tenants: []}" + at), HasSubstr("allowed_tenants"));
}

TEST(Load, OneProcessForAllIsAWarning) {
  const FakeSources fake;
  const auto loaded =
      load_text("listen: [{address: 127.0.0.1:1}]\nupstreams: {tools: {command: [npx, server], process: shared}}\n",
                "/p/c.yaml", fake.sources());
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_TRUE(loaded->upstreams[0].shared_process);
  EXPECT_EQ(loaded->upstreams[0].directory, "/p/");
  EXPECT_THAT(loaded->warnings, ElementsAre(HasSubstr("/p/c.yaml:2:54: `process: shared`: all users")));
}

TEST(Load, DenialsAreToldInTheAnswerUnlessTheResourceSaysOtherwise) {
  const FakeSources fake;
  const auto resources = [&fake](const std::string& first, const std::string& further) {
    return load_text(
        "listen: [{address: 127.0.0.1:8080, behind_proxy: true}]\n"
        "authorization_servers: {main: {issuer: https://a.example}}\n"
        "upstreams: {back: {urls: [http://127.0.0.1:1/mcp]}}\npolicies: [p.yaml]\nresources:\n"
        "  - {serve: https://a.example/mcp, upstream: back, policy: p" +
            first + "}\n  - {serve: https://a.example/also, same_as: https://a.example/mcp" + further + "}\n",
        "/p", fake.sources());
  };
  const auto plain = resources("", "");
  ASSERT_TRUE(plain) << plain.error().to_string();
  EXPECT_EQ(plain->resources[0].denials, Denials::jsonrpc);
  const auto literal = resources(", denials: http", "");
  ASSERT_TRUE(literal) << literal.error().to_string();
  EXPECT_EQ(literal->resources[0].denials, Denials::http);
  EXPECT_EQ(literal->resources[1].denials, Denials::http) << "a further address has all from the first";
  EXPECT_THAT(resources(", denials: https", "").error().to_string(),
              HasSubstr("`denials` must be `jsonrpc` or `http`"));
  EXPECT_THAT(resources("", ", denials: http").error().to_string(),
              HasSubstr("`denials` is that of the resource which `same_as` names"));
}

TEST(Load, AFileThatIsNotThereIsAFault) {
  const auto loaded = load("/nowhere/postern.yaml", system_sources());
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().to_string(),
              HasSubstr("/nowhere/postern.yaml:1:1: cannot read this file: there is no such file"));
}

TEST(Load, AFolderOrADeviceIsNoConfiguration) {
  EXPECT_FALSE(load("/tmp", system_sources()));
  EXPECT_FALSE(load("/dev/zero", system_sources()));
}

TEST(Load, OnlyListenIsRequired) {
  const FakeSources fake;
  const auto loaded = load_text("listen: [{address: 127.0.0.1:0}]\n", "/p/postern.yaml", fake.sources());
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_EQ(loaded->store, "sqlite:/p/postern-data/postern.db");
}

TEST(Load, TheMinimalFileHasNoFaultAndNoWarning) {
  const auto loaded = load(source_dir() + "/config/postern.minimal.yaml", system_sources());
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_THAT(loaded->warnings, IsEmpty());
}

TEST(Load, AShorterRefreshLifetimeShortensTheIdleTimeThatWasNotGiven) {
  const FakeSources fake;
  const auto loaded = load_text(
      "listen: [{address: 127.0.0.1:0}]\n"
      "authorization_servers: {main: {issuer: http://localhost:8080, refresh_token: {lifetime: 7d}}}\n",
      "/p", fake.sources());
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_EQ(loaded->authorization_servers[0].refresh_token.idle, 7 * 24h);
}

TEST(Load, SignedTokensHaveAnAlgorithmAndAnAddressForTheirKeys) {
  const FakeSources fake;
  const auto loaded = load_text(
      "listen: [{address: 127.0.0.1:0}]\n"
      "authorization_servers:\n"
      "  main: {issuer: http://localhost:8080, endpoints: {jwks: /keys}, access_token: {format: jwt, algorithm: "
      "EdDSA}}\n"
      "  other: {issuer: http://localhost:8080/other, endpoints: {authorize: /o/a, token: /o/t, register: /o/r, "
      "revoke: "
      "/o/v, introspect: /o/i, jwks: /keys}}\n",
      "/p", fake.sources());
  ASSERT_TRUE(loaded) << loaded.error().to_string() << "two may share an address where only one serves it";
  const auto& main = loaded->authorization_servers[0];
  EXPECT_EQ(main.access_token.format, TokenFormat::jwt);
  EXPECT_EQ(main.access_token.algorithm, "EdDSA");
  EXPECT_EQ(main.endpoints.jwks, "/keys");
  EXPECT_EQ(loaded->authorization_servers[1].access_token.format, TokenFormat::opaque);
  EXPECT_EQ(loaded->authorization_servers[1].access_token.algorithm, "ES256");
}

TEST(Warnings, NameEachUnsafeChoiceWithItsPlace) {
  const FakeSources fake;
  const auto loaded = load_text(R"(listen:
  - {address: 0.0.0.0:8080, behind_proxy: true}
authorization_servers: {main: {issuer: https://a.example.test, access_token: {lifetime: 2h}}}
upstreams: {back: {urls: [http://127.0.0.1:1/], credential: {bearer: hunter2}}}
origins: [http://app.example.test]
log: {level: debug}
)",
                                "/p", fake.sources());
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_THAT(loaded->warnings,
              ElementsAre(HasSubstr("/p:3:89: `access_token.lifetime`"), HasSubstr("/p:4:70: `credential.bearer`"),
                          HasSubstr("/p:5:11: `origins`"), HasSubstr("/p:6:14: `log.level: debug`"),
                          HasSubstr("/p:2:5: `behind_proxy: true` without `trusted_proxies`")));
  EXPECT_THAT(loaded->warnings, Not(::testing::Contains(HasSubstr("hunter2"))));
}

auto with_top_key(const std::string& line) {
  const FakeSources fake;
  return load_text("listen: [{address: 127.0.0.1:1}]\n" + line + "\n", "/p", fake.sources());
}

TEST(ClientIpHeaderKey, Compat7SaysWhichFieldTheProxiesSet) {
  EXPECT_EQ(with_top_key("")->client_ip_header, ClientIpHeader::x_forwarded_for);
  EXPECT_EQ(with_top_key("client_ip_header: X-Forwarded-For")->client_ip_header, ClientIpHeader::x_forwarded_for);
  EXPECT_EQ(with_top_key("client_ip_header: Forwarded")->client_ip_header, ClientIpHeader::forwarded);
  const auto other = with_top_key("client_ip_header: X-Real-IP");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().to_string(), HasSubstr("`client_ip_header`"));
  EXPECT_THAT(other.error().to_string(), HasSubstr("X-Forwarded-For"));
}

// nginx keeps unused connections to what is behind it for 60 s, and so does AWS ALB: whoever closes first must be them,
// or a request meets a connection that is being closed here.
TEST(IdleConnections, Compat11AreKeptLongerThanLoadBalancersKeepThem) {
  EXPECT_GE(with_top_key("")->limits.idle, 75s);
  EXPECT_EQ(with_top_key("limits: {idle: 620s}")->limits.idle, 620s);
}

TEST(BodyMemory, MayBeJustEnoughForOneBody) {
  const auto loaded = with_top_key("limits: {body: 2MiB, body_memory: 2MiB}");
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_EQ(loaded->limits.body, 2U * 1024 * 1024);
  EXPECT_EQ(loaded->limits.body_memory, 2U * 1024 * 1024);
}

TEST(Warnings, TrustingEveryAddressIsOne) {
  const FakeSources fake;
  const auto loaded =
      load_text("listen: [{address: 127.0.0.1:1}]\ntrusted_proxies: [0.0.0.0/0]\n", "/p", fake.sources());
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_THAT(loaded->warnings, ElementsAre(HasSubstr("/p:2:19: `trusted_proxies` trusts every address")));
}

// What the design holds and this version does not serve yet: refused by its name, never ignored.
struct Unsupported {
  const char* text;  // beside a listener
  const char* fault;
};
class NotYet : public ::testing::TestWithParam<Unsupported> {};

TEST_P(NotYet, IsRefusedByName) {
  const FakeSources fake;
  const std::string text = "listen: [{address: 127.0.0.1:8080}]\n" + std::string(GetParam().text) + "\n";
  const auto loaded = load_text(text, "/p", fake.sources());
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().to_string(), HasSubstr("/p:2:"));
  EXPECT_THAT(loaded.error().to_string(), HasSubstr(GetParam().fault));
  EXPECT_THAT(loaded.error().to_string(), Not(HasSubstr("unknown key")));
}

#define SERVER(keys) "authorization_servers: {main: {issuer: https://a.example.test, " keys "}}"
#define UPSTREAM(keys) "upstreams: {back: {" keys "}}"
#define RESOURCE(keys) "resources: [{upstream: back, policy: p, " keys "}]"

INSTANTIATE_TEST_SUITE_P(Parts, NotYet,
                         ::testing::Values(Unsupported{"store: postgresql://u:hunter2@db/postern",
                                                       "`store: postgresql://` is not supported yet"}));

TEST(NotYetAdmin, IsRefusedByName) {
  const FakeSources fake;
  const auto loaded = load_text("listen: [{address: 127.0.0.1:1, serve: admin}]\n", "/p", fake.sources());
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().to_string(), HasSubstr("/p:1:40: `serve: admin` is not supported yet"));
}

// What is not supported is one fault, not several that follow from it.
TEST(NotYetAlone, IsTheOnlyFault) {
  const FakeSources fake;
  const auto loaded = load_text(
      "listen: [{address: 127.0.0.1:1}]\n"
      "upstreams: {back: {tls: {ca: system}, urls: [http://127.0.0.1:1/]}}\n"
      "resources: [{serve: https://a.example.test/mcp, upstream: back, policy: default, tenant: \"{t}\"}]\n"
      "authorization_servers: {main: {issuer: http://127.0.0.1:1}}\n"
      "store: postgresql://db/x\n",
      "/p", fake.sources());
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().all().size(), 3U) << loaded.error().to_string();
}

}  // namespace
}  // namespace postern::config
