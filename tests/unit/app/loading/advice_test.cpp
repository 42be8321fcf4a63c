#include "app/loading/advice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "app/loading/certificate_advice.hpp"
#include "net/tls/certificate.hpp"
#include "unit/net/certificates.hpp"

namespace postern::app {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class AdviceTest : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
    return directory_ / name;
  }
  Loaded load(const std::string& text) {
    auto sources = config::system_sources();
    sources.variable = [this](const std::string& name) -> std::optional<std::string> {
      return name == "KUBERNETES_SERVICE_HOST" && in_a_pod_ ? std::optional<std::string>("10.0.0.1") : std::nullopt;
    };
    auto loaded = app::load(write("c.yaml", text), sources);
    if (!loaded) ADD_FAILURE() << loaded.error().to_string();
    return loaded ? std::move(*loaded) : Loaded();
  }
  static std::vector<std::string> said(const config::Faults& advice) {
    std::vector<std::string> all;
    for (const auto& each : advice.all()) {
      all.push_back(std::to_string(each.at.line) + ":" + std::to_string(each.at.column) + " " + each.what);
    }
    return all;
  }
  std::vector<std::string> advice(const std::string& text) { return said(load(text).advice); }

  // A configuration without anything to say about; what is given replaces or follows.
  std::string plain(const std::string& upstream, const std::string& further = "",
                    const std::string& listen = "{address: 127.0.0.1:8080}") {
    return "listen: [" + listen +
           "]\nauthorization_servers: {main: {issuer: \"http://localhost:8080\"}}\nupstreams: " + upstream +
           "\nresources: [{serve: \"http://localhost:8080/mcp\", upstream: back, policy: default}]\n" + further;
  }
  // One that ends TLS with these certificates.
  std::string secure(const std::string& certificates, const std::string& serve, const std::string& further = "") {
    return "listen: [{address: 0.0.0.0:443, tls: {certificates: [" + certificates +
           "]}}]\nauthorization_servers: {main: {issuer: \"https://ai.example.test\"}}\n"
           "upstreams: {back: {urls: [\"http://127.0.0.1:3001/mcp\"]}}\n"
           "resources: [{serve: \"" +
           serve + "\", upstream: back, policy: default}]\n" + further;
  }
  std::string entry(const std::string& name, const std::vector<std::string>& names) {
    const auto files = net_testing::make_certificate(directory_, name, names);
    return "{certificate: " + files.certificate + ", key: " + files.key + "}";
  }
  // With the time set back, so that the certificates of these tests have long to go.
  std::vector<std::string> about_hosts(const std::string& text) {
    config::Faults found;
    advise_on_certificates(load(text).config, SystemClock().now(), found);
    auto all = said(found);
    std::erase_if(all, [](const auto& each) { return each.find("no certificate of a listener") == std::string::npos; });
    return all;
  }

  net_testing::TemporaryDirectory directory_;
  bool in_a_pod_ = false;
};

const std::string kBack = "{back: {urls: [\"http://127.0.0.1:3001/mcp\"]}}";

TEST_F(AdviceTest, NothingIsSaidOfWhatIsMeant) { EXPECT_THAT(advice(plain(kBack)), IsEmpty()); }

TEST_F(AdviceTest, WithoutResourcesNothingIsServedAndThatIsAllThereIsToSay) {
  const auto text =
      "listen: [{address: 127.0.0.1:8080}]\nauthorization_servers: {main: {issuer: \"http://localhost:8080\"}}\n"
      "upstreams: " +
      kBack + "\ntenants: [{handle: acme, members: [{user: alice, role: editor}]}]\n";
  EXPECT_THAT(advice(text), ElementsAre("1:1 there is no resource, so no MCP server is served: add `resources` with "
                                        "`serve` and `upstream`"));
}

TEST_F(AdviceTest, AStoreOrLogThatCannotBeOpenedHereIsSaidWhereItIsNamed) {
  EXPECT_THAT(advice(plain(kBack, "store: \"sqlite:no/such/postern.db\"\n")),
              ElementsAre("5:8 the store cannot be opened here: the directory " + (directory_ / "no/such") +
                          " does not exist"));
  write("file", "");
  EXPECT_THAT(advice(plain(kBack, "log: {file: file, audit: no/such/audit.log}\n")),
              ElementsAre(StartsWith("5:26 cannot open the log file " + (directory_ / "no/such/audit.log"))));
  EXPECT_THAT(advice(plain(kBack, "log: {file: \".\"}\n")), ElementsAre(HasSubstr("(Is a directory)")));
  EXPECT_THAT(advice(plain(kBack, "log: {file: new.log}\n")), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(directory_ / "new.log"));
}

TEST_F(AdviceTest, AnUpstreamThatIsTheGatewayItself) {
  const auto itself = [&](const std::string& url, const std::string& listen = "{address: 127.0.0.1:8080}") {
    return advice(plain("{back: {urls: [\"" + url + "\"]}}", "", listen));
  };
  for (const std::string url : {"http://127.0.0.1:8080/mcp", "http://localhost:8080/elsewhere"}) {
    EXPECT_THAT(itself(url), ElementsAre(AllOf(
                                 StartsWith("3:13 the upstream `back` is at " + url + ", which is this gateway itself"),
                                 HasSubstr("c.yaml:1:10"))));
  }
  EXPECT_THAT(itself("http://[::1]:8080/mcp"), IsEmpty()) << "another family of addresses";
  EXPECT_THAT(itself("http://127.0.0.2:8080/mcp"), IsEmpty());
  EXPECT_THAT(itself("http://127.0.0.1:8081/mcp"), IsEmpty());
  const std::string everywhere = "{address: \"127.0.0.1:8080\"}, {address: \"0.0.0.0:8081\", behind_proxy: true}";
  EXPECT_THAT(advice(plain("{back: {urls: [\"http://127.0.0.2:8081/x?key=secret\"]}}", "trusted_proxies: [10.0.0.0/8]",
                           everywhere)),
              ElementsAre(AllOf(HasSubstr("is at http://127.0.0.2:8081/x,"), testing::Not(HasSubstr("secret")))));
}

TEST_F(AdviceTest, AnUpstreamThatIsAnAddressOfAResource) {
  const auto at = [&](const std::string& url) {
    return advice(
        "listen: [{address: 127.0.0.1:8080, behind_proxy: true}]\ntrusted_proxies: [127.0.0.1/32]\n"
        "authorization_servers: {main: {issuer: \"https://ai.example.test\"}}\nupstreams: {back: {urls: [\"" +
        url + "\"]}}\nresources: [{serve: \"https://{tenant}.example.test/mcp\", upstream: back, policy: default}]\n");
  };
  EXPECT_THAT(at("https://acme.example.test/mcp/"), ElementsAre(HasSubstr("which is this gateway itself")));
  EXPECT_THAT(at("https://acme.example.test/internal"), IsEmpty()) << "a proxy in front may send that elsewhere";
  EXPECT_THAT(at("https://acme.example.com/mcp"), IsEmpty());
}

TEST_F(AdviceTest, WhatNothingUses) {
  const std::string head = "scopes: {a: A}\ndefault_scopes: [a]\nconnect: [a]\n";
  write("used.yaml", "policy: used\n" + head);
  write("unused.yaml", "policy: spare\n" + head);
  const auto text =
      "listen: [{address: 127.0.0.1:8080}]\n"
      "authorization_servers: {main: {default: true, issuer: \"http://localhost:8080\"}, other: {issuer: "
      "\"http://127.0.0.1:8080\"}}\n"
      "upstreams: {back: {urls: [\"http://127.0.0.1:1/\"]}, old: {urls: [\"http://127.0.0.1:2/\"]}}\n"
      "resources: [{serve: \"http://localhost:8080/mcp\", upstream: back, policy: used}]\n"
      "policies: [used.yaml, unused.yaml]\n";
  EXPECT_THAT(advice(text), ElementsAre(StartsWith("5:23 no resource uses the policy `spare`"),
                                        StartsWith("3:52 no resource uses the upstream `old`"),
                                        StartsWith("2:81 no resource uses the authorization server `other`")));
}

TEST_F(AdviceTest, RulesThatDecideNothingAtTheirPlace) {
  write("p.yaml",
        "policy: p\nscopes: {a: A}\ndefault_scopes: [a]\nconnect: [a]\nrules:\n  - {tools: [\"*\"]}\n  - {tools: [x], "
        "deny: true}\n");
  const auto loaded = load(
      "listen: [{address: 127.0.0.1:8080}]\n"
      "authorization_servers: {main: {issuer: \"http://localhost:8080\"}}\nupstreams: " +
      kBack + "\nresources: [{serve: \"http://localhost:8080/mcp\", upstream: back, policy: p}]\npolicies: [p.yaml]\n");
  ASSERT_THAT(said(loaded.advice), ElementsAre(StartsWith("7:14 `x` of `tools` in rules[1] decides nothing")));
  EXPECT_EQ(loaded.advice.all().front().at.file, directory_ / "p.yaml");
}

TEST_F(AdviceTest, FiguresInPlaintextForEverybodyButInAPod) {
  const auto at = [&](const std::string& address) {
    return advice(plain(kBack, "", "{address: 127.0.0.1:8080}, {address: \"" + address + "\", serve: operations}"));
  };
  for (const std::string address : {"0.0.0.0:9464", "[::]:9464"})
    EXPECT_THAT(at(address), ElementsAre(StartsWith("1:37 `serve: operations` is in plaintext on every address")))
        << address;
  for (const std::string address : {"127.0.0.1:9464", "10.1.2.3:9464"}) EXPECT_THAT(at(address), IsEmpty()) << address;
  in_a_pod_ = true;
  EXPECT_THAT(at("0.0.0.0:9464"), IsEmpty());
}

TEST_F(AdviceTest, CertificatesThatDoNotHold) {
  const auto loaded = load(secure(entry("own", {"ai.example.test"}), "https://ai.example.test/mcp"));
  const auto chain = net::CertificateChain::read(directory_ / "own.pem").value();
  const auto at = [&](Time now) {
    config::Faults found;
    advise_on_certificates(loaded.config, now, found);
    return said(found);
  };
  const auto renewal = std::chrono::hours(24) * kRenewalDays;
  EXPECT_THAT(at(chain.not_after()),
              ElementsAre(AllOf(StartsWith("1:54 the certificate in "), HasSubstr("own.pem expired on "))));
  EXPECT_THAT(at(chain.not_after() - Duration(1)), ElementsAre(HasSubstr(", in less than 1 day(s): renew it")));
  EXPECT_THAT(at(chain.not_before() - Duration(1)), ElementsAre(HasSubstr("is not valid before ")));
  // An hour is all that this one holds, so the days before its end are days before its beginning.
  EXPECT_THAT(at(chain.not_after() - renewal), ElementsAre(HasSubstr("is not valid before ")));
}

TEST_F(AdviceTest, HostsThatNoCertificateNames) {
  const auto ai = entry("ai", {"ai.example.test"});
  EXPECT_THAT(about_hosts(secure(ai, "https://ai.example.test/mcp")), IsEmpty());
  EXPECT_THAT(
      about_hosts(secure(ai, "https://mcp.example.test/mcp")),
      ElementsAre(StartsWith(
          "4:13 no certificate of a listener names the host mcp.example.test of `https://mcp.example.test/mcp`")));
  EXPECT_THAT(about_hosts(secure(entry("mcp", {"mcp.example.test"}), "https://mcp.example.test/mcp")),
              ElementsAre(StartsWith("2:25 no certificate of a listener names the host ai.example.test")))
      << "the issuer is reached here as well";
  EXPECT_THAT(about_hosts(secure(ai + ", " + entry("more", {"mcp.example.test"}), "https://mcp.example.test/mcp")),
              IsEmpty());
}

TEST_F(AdviceTest, HostsOfTenants) {
  const auto both = entry("both", {"ai.example.test", "*.example.test"});
  const auto one = entry("one", {"ai.example.test", "acme.example.test"});
  const std::string serve = "https://{tenant}.example.test/mcp";
  EXPECT_THAT(about_hosts(secure(both, serve)), IsEmpty());
  EXPECT_THAT(about_hosts(secure(one, serve)), ElementsAre(HasSubstr("names the host {tenant}.example.test of")));
  EXPECT_THAT(about_hosts(secure(one, serve, "tenants: [{handle: acme}]\n")), IsEmpty());
  EXPECT_THAT(about_hosts(secure(one, serve, "tenants: [{handle: acme}, {handle: globex}]\n")),
              ElementsAre(HasSubstr("names the host globex.example.test of")));
  EXPECT_THAT(about_hosts(secure(one, "https://ai.example.test/t/{tenant}/mcp")), IsEmpty());
}

TEST_F(AdviceTest, EachPortHasItsCertificatesAndAProxyHasItsOwn) {
  const auto listen = [&](const std::string& further) {
    return "listen: [{address: 0.0.0.0:443, tls: {certificates: [" + entry("a", {"ai.example.test"}) + "]}}, " +
           further + "]\nauthorization_servers: {main: {issuer: \"https://ai.example.test\"}}\nupstreams: " + kBack +
           "\nresources: [{serve: \"https://b.example.test:8443/mcp\", upstream: back, policy: default}]\n"
           "trusted_proxies: [10.0.0.0/8]\n";
  };
  const auto second = [&](const std::string& name) {
    return "{address: 0.0.0.0:8443, tls: {certificates: [" + entry("b", {name}) + "]}}";
  };
  EXPECT_THAT(about_hosts(listen(second("b.example.test"))), IsEmpty());
  EXPECT_THAT(about_hosts(listen(second("c.example.test"))), ElementsAre(HasSubstr("names the host b.example.test")));
  EXPECT_THAT(about_hosts(listen("{address: 0.0.0.0:8080, behind_proxy: true}")), IsEmpty());
}

}  // namespace
}  // namespace postern::app
