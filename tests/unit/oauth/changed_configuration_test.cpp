// What was shown or issued under one configuration and is used under another: the gateway was restarted in between,
// with the same store. What the operator has taken away is not given any more, and is as it was where it is given back.
#include <functional>

#include "token/opaque.hpp"
#include "unit/oauth/fixture.hpp"

namespace postern::oauth {
namespace {

const std::string kUrl = "https://app.example.test/oauth/client.json";

class ChangedConfigurationTest : public OAuthTest {
 protected:
  ChangedConfigurationTest() {
    add_tenant("globex", "business", {{"alice", "editor", {}}});
    build();
    server().registration.metadata_document_domains = {"app.example.test"};
    documents_ = ForeignDocuments([](const WantedDocument&) -> std::optional<DocumentText> {
      const json document{{"client_id", kUrl},
                          {"client_name", "Desk"},
                          {"redirect_uris", {kRedirect}},
                          {"token_endpoint_auth_method", "none"}};
      return std::make_shared<const std::string>(document.dump());
    });
  }

  Consent page(const std::string& client = "client_a") {
    AuthorizationRequest request;
    request.client.id = client;
    request.redirect_uri = kRedirect;
    request.challenge = challenge_of(kVerifier);
    request.scopes = {"connect", "read"};
    request.resource = catalog_->by_indicator(kResource);
    return make_consent(request, "browser", "local:alice", context());
  }
  std::string outcome(const Consent& consent) {
    const auto location = approve(consent, "acme", context());
    return location ? "approved" : to_string(location.error().code);
  }
  std::string outcome_of_denial(const Consent& consent) {
    const auto location =
        refuse_consent(consent, RefusedBy::user, oauth_error("access_denied", "The user did not approve."), context());
    return location ? "told" : to_string(location.error().code);
  }
  bool has_code(const Consent& consent) {
    return store_->grants().find_code(token::token_hash(consent.code)).value().has_value();
  }
  std::size_t every_grant() {
    store::GrantFilter all;
    all.revoked_too = true;
    return store_->grants().list(all)->size();
  }
  bool is_used(const std::string& code) {
    return store_->grants().find_code(crypto::sha256_string(code)).value().value().code.used_at.has_value();
  }
  bool is_rotated(const std::string& refresh) {
    return store_->grants().find_refresh(crypto::sha256_string(refresh)).value().value().token.rotated_at.has_value();
  }
};

TEST_F(ChangedConfigurationTest, AClientOfADomainThatIsNotTakenAnyMoreIsNotApproved) {
  const Consent shown = page(kUrl);
  server().registration.metadata_document_domains = {"claude.ai"};
  EXPECT_EQ(outcome(shown), "denied");
  EXPECT_FALSE(has_code(shown));
  EXPECT_EQ(every_grant(), 0U);
  EXPECT_EQ(log_.audited("consent_approved"), 0);
  server().registration.metadata_document_domains = {"claude.ai", "app.example.test"};
  EXPECT_EQ(outcome(shown), "approved") << "the page was not used up";
  EXPECT_TRUE(has_code(shown));
}

TEST_F(ChangedConfigurationTest, NoClientOfADocumentIsApprovedOnceNoneAreTaken) {
  const Consent shown = page(kUrl);
  server().registration.metadata_documents = false;
  EXPECT_EQ(outcome(shown), "denied");
  EXPECT_FALSE(has_code(shown));
  EXPECT_EQ(every_grant(), 0U);
  server().registration.metadata_documents = true;
  EXPECT_EQ(outcome(shown), "approved");
}

TEST_F(ChangedConfigurationTest, NothingIsSentToAClientOfADomainThatIsNotTakenAnyMore) {
  const Consent shown = page(kUrl);
  server().registration.metadata_document_domains = {"claude.ai"};
  EXPECT_EQ(outcome_of_denial(shown), "not_found");
  EXPECT_EQ(log_.audited("consent_denied"), 0);
  server().registration.metadata_document_domains = {"app.example.test"};
  EXPECT_EQ(outcome_of_denial(shown), "told");
}

TEST_F(ChangedConfigurationTest, ARegisteredClientDoesNotDependOnTheDomainsOfDocuments) {
  server().registration.metadata_document_domains = {};
  EXPECT_EQ(outcome(page()), "approved");
}

TEST_F(ChangedConfigurationTest, ACodeAndARefreshTokenOfADomainThatIsNotTakenAnyMoreAreRefusedUnharmed) {
  const auto set_domains = [this](std::vector<std::string> domains) {
    server().registration.metadata_document_domains = std::move(domains);
  };
  const std::string code = new_code(kUrl);
  set_domains({"claude.ai"});
  EXPECT_EQ(error_of(token_request(code_request(code, kUrl))), "401 invalid_client");
  EXPECT_FALSE(is_used(code));
  set_domains({"app.example.test"});
  const std::string refresh = granted(token_request(code_request(code, kUrl)))["refresh_token"];
  set_domains({"claude.ai"});
  EXPECT_EQ(error_of(token_request(refresh_request(refresh, kUrl))), "401 invalid_client");
  EXPECT_FALSE(is_rotated(refresh));
  set_domains({"app.example.test"});
  granted(token_request(refresh_request(refresh, kUrl)));
}

struct Change {
  std::string name;
  std::function<void(config::Config&)> make;
};
std::ostream& operator<<(std::ostream& out, const Change& change) { return out << change.name; }

bool is_alice(const config::Member& member) { return member.user == "alice"; }

// Alice is an editor of both tenants all the while, so that nothing but the change can be the reason.
std::vector<Change> changes() {
  return {
      {"TheAddressIsOfAnotherTenant", [](config::Config& config) { config.resources[0].tenant = "globex"; }},
      {"TheAddressIsGone", [](config::Config& config) { config.resources.erase(config.resources.begin()); }},
      {"TheAddressIsOfAnotherServer",
       [](config::Config& config) {
         config.authorization_servers.push_back(config.authorization_servers[0]);
         config.authorization_servers[1].name = "other";
         config.authorization_servers[1].issuer = "https://other.example.test";
         config.resources[0].authorization_server = "other";
       }},
      {"TheTenantHasAnotherPlan", [](config::Config& config) { config.tenants[0].plan = "team"; }},
      {"TheUserIsNoMember", [](config::Config& config) { std::erase_if(config.tenants[0].members, is_alice); }},
      {"TheRoleHoldsNothing",
       [](config::Config& config) { std::ranges::find_if(config.tenants[0].members, is_alice)->role = "nothing"; }},
      {"TheTenantIsGone", [](config::Config& config) { config.tenants.erase(config.tenants.begin()); }},
  };
}

class ChangedResourceTest : public ChangedConfigurationTest, public testing::WithParamInterface<Change> {
 protected:
  // The address was of one tenant before, and is so afterwards.
  ChangedResourceTest() {
    config_.resources[0].tenant = "acme";
    build();
    before_ = config_;
  }
  void change() {
    GetParam().make(config_);
    build();
  }
  void change_back() {
    config_ = before_;
    build();
  }
  // Without the resource: whoever names it is asked for another reason.
  static Pairs unnamed(Pairs pairs) {
    std::erase_if(pairs, [](const auto& pair) { return pair.first == "resource"; });
    return pairs;
  }

  config::Config before_;
};
INSTANTIATE_TEST_SUITE_P(Configuration, ChangedResourceTest, testing::ValuesIn(changes()),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(ChangedResourceTest, APageThatWasShownBeforeIsNotApproved) {
  const Consent shown = page();
  change();
  EXPECT_EQ(outcome(shown), "denied");
  EXPECT_FALSE(has_code(shown));
  EXPECT_EQ(every_grant(), 0U);
  change_back();
  EXPECT_EQ(outcome(shown), "approved");
}

TEST_P(ChangedResourceTest, ACodeThatWasMadeBeforeYieldsNothing) {
  const std::string code = new_code();
  change();
  EXPECT_EQ(error_of(token_request(unnamed(code_request(code)))), "400 invalid_grant");
  EXPECT_FALSE(is_used(code));
  EXPECT_EQ(log_.audited("token_issued"), 0);
  change_back();
  granted(token_request(unnamed(code_request(code))));
}

TEST_P(ChangedResourceTest, ARefreshTokenThatWasIssuedBeforeYieldsNothing) {
  const std::string refresh = new_tokens()["refresh_token"];
  change();
  EXPECT_EQ(error_of(token_request(refresh_request(refresh))), "400 invalid_grant");
  EXPECT_FALSE(is_rotated(refresh));
  EXPECT_EQ(log_.audited("token_refreshed"), 0);
  change_back();
  granted(token_request(refresh_request(refresh)));
}

TEST_P(ChangedResourceTest, ARefreshThatIsTriedAgainYieldsNothing) {
  const std::string refresh = new_tokens()["refresh_token"];
  const json second = granted(token_request(refresh_request(refresh)));
  change();
  EXPECT_EQ(error_of(token_request(refresh_request(refresh))), "400 invalid_grant");
  EXPECT_EQ(log_.audited("token_refreshed"), 1);
  change_back();
  EXPECT_EQ(granted(token_request(refresh_request(refresh)))["refresh_token"], second["refresh_token"]);
}

TEST_P(ChangedResourceTest, AnAccessTokenThatWasIssuedBeforeIsInactive) {
  add_confidential_client("checker", "s3cret", false);
  const std::string value = new_tokens()["access_token"];
  const auto asked = post({{"token", value}, {"client_id", "checker"}, {"client_secret", "s3cret"}});
  EXPECT_EQ(granted(introspect(asked, context()))["active"], true);
  change();
  EXPECT_EQ(granted(introspect(asked, context())), (json{{"active", false}}));
  change_back();
  EXPECT_EQ(granted(introspect(asked, context()))["active"], true);
}

// Nobody consented, so what the operator wrote down is all that counts.
TEST_F(ChangedConfigurationTest, AClientThatActsByItselfGetsNothingWhereTheAddressIsOfAnotherTenant) {
  ASSERT_TRUE(store_->clients().add(machine()));
  const auto asked = machine_request();
  config_.resources[0].tenant = "globex";
  build();
  EXPECT_EQ(error_of(token_request(asked)), "400 unauthorized_client");
  EXPECT_EQ(every_grant(), 0U);
  config_.resources[0].tenant = "acme";
  build();
  granted(token_request(asked));
}

}  // namespace
}  // namespace postern::oauth
