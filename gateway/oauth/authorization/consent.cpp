#include <algorithm>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "oauth/authorization/authorization.hpp"
#include "oauth/clients/client_document.hpp"
#include "oauth/clients/known_client.hpp"
#include "oauth/redirect_uri.hpp"
#include "oauth/scope.hpp"
#include "oauth/standing.hpp"
#include "token/opaque.hpp"

namespace postern::oauth {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr Duration kConsentLifetime = 10min;
// OAuth 2.1 section 4.1.2: short, since the browser takes it straight to the client.
constexpr Duration kCodeLifetime = 60s;

// A page sealed by one authorization server is not one of another.
std::string seal_purpose(const Context& context) { return "postern consent 1 " + context.server.issuer; }

std::optional<std::string> optional_state(const Consent& consent) {
  return consent.has_state ? std::optional(consent.state) : std::nullopt;
}

store::Grant grant_of(const Consent& consent, std::string_view tenant, const Context& context) {
  store::Grant grant;
  grant.id = crypto::random_id("grant");
  grant.user = consent.user;
  grant.tenant = tenant;
  grant.client = consent.client;
  grant.resource = consent.resource;
  grant.scopes = consent.scopes;
  grant.narrowed = consent.narrowed;
  grant.created_at = context.clock.now();
  grant.expires_at = grant.created_at + context.server.refresh_token.lifetime;
  return grant;
}

void audit(std::string_view event, const Consent& consent, std::string_view tenant, std::string_view grant,
           const std::vector<std::string>& scopes, const Context& context) {
  const std::string scope = join(scopes, " ");
  context.log.audit(event, {{"user", consent.user},
                            {"client", consent.client},
                            {"tenant", tenant},
                            {"resource", consent.resource},
                            {"scope", scope},
                            {"redirect_host", redirect_host(consent.redirect_uri)},
                            {"grant", grant}});
}

// A client that a document describes was looked at when the page was made; here only the operator's mind counts.
Result<void> client_is_there(const std::string& id, const Context& context) {
  if (store::is_document_url(id)) {
    if (documents_trusted_from(id, context.server.registration)) return {};
    return fail(Errc::denied, "clients of this domain are not taken");
  }
  const auto client = known_client(id, context);
  if (!client) return client.error();
  if (!*client) return fail(Errc::denied, "the client is gone");
  return {};
}

}  // namespace

Consent make_consent(const AuthorizationRequest& request, std::string_view browser, std::string_view user,
                     const Context& context) {
  Consent consent;
  consent.id = crypto::random_token(16);
  consent.code = token::make_token(token::kCodePrefix);
  consent.browser = browser;
  consent.user = user;
  consent.client = request.client.id;
  consent.redirect_uri = request.redirect_uri;
  consent.state = request.state;
  consent.has_state = request.has_state;
  consent.challenge = request.challenge;
  consent.resource = request.resource->canonical;
  consent.scopes = request.scopes;
  consent.narrowed = request.narrowed;
  consent.settles = request.settles;
  consent.expires_at = context.clock.now() + kConsentLifetime;
  return consent;
}

std::string seal_consent(const Consent& consent, const Context& context) {
  const json document = {
      {"id", consent.id},
      {"code", consent.code},
      {"browser", base64url_encode(consent.browser)},  // not text
      {"user", consent.user},
      {"client", consent.client},
      {"redirect_uri", consent.redirect_uri},
      {"state", consent.state},
      {"has_state", consent.has_state},
      {"challenge", consent.challenge},
      {"resource", consent.resource},
      {"scopes", consent.scopes},
      {"narrowed", consent.narrowed},
      {"settles", consent.settles},
      {"expires_at", to_millis(consent.expires_at)},
  };
  return base64url_encode(context.seal.seal(document.dump(), seal_purpose(context)));
}

Result<Consent> open_consent(std::string_view sealed, const std::vector<std::string>& browsers,
                             const Context& context) {
  const auto bytes = base64url_decode(sealed);
  const auto opened = bytes ? context.seal.open(*bytes, seal_purpose(context)) : std::nullopt;
  if (!opened) return fail(Errc::denied, "the consent page is none of ours");
  // What opens was written by seal_consent().
  const json document = json::parse(*opened);

  Consent consent;
  document.at("id").get_to(consent.id);
  // A page that was open while the gateway was renewed has none.
  consent.code = document.value("code", token::make_token(token::kCodePrefix));
  consent.browser = base64url_decode(document.at("browser").get_ref<const std::string&>()).value_or("");
  document.at("user").get_to(consent.user);
  document.at("client").get_to(consent.client);
  document.at("redirect_uri").get_to(consent.redirect_uri);
  document.at("state").get_to(consent.state);
  document.at("has_state").get_to(consent.has_state);
  document.at("challenge").get_to(consent.challenge);
  document.at("resource").get_to(consent.resource);
  document.at("scopes").get_to(consent.scopes);
  // A page that was open while the gateway was renewed does not say.
  consent.narrowed = document.value("narrowed", true);
  consent.settles = document.value("settles", std::vector<std::string>());
  consent.expires_at = from_millis(document.at("expires_at").get<std::int64_t>());

  const bool shown_here = std::ranges::any_of(browsers, [&consent](const std::string& browser) {
    return crypto::constant_time_equal(consent.browser, browser);
  });
  if (!shown_here) return fail(Errc::denied, "shown in another browser");
  return consent;
}

std::vector<std::string> grantable_scopes(const Consent& consent, std::string_view role, const Context& context) {
  const auto resource = context.catalog.by_canonical(consent.resource);
  if (resource == nullptr) return {};
  return resource->policy->grantable(consent.scopes, role);
}

Result<std::string> approve(const Consent& consent, std::string_view tenant, const Context& context) {
  if (const auto there = client_is_there(consent.client, context); !there) return there.error();

  store::Approval approval;
  approval.consent_id = consent.id;
  approval.consent_expires_at = consent.expires_at;
  approval.grant = grant_of(consent, tenant, context);
  auto standing = standing_of(approval.grant, context);
  if (!standing) return standing.error();
  approval.grant.scopes = std::move(standing->scopes);
  // A role may hold less than the page showed. The full reach of a role has whatever it may hold.
  approval.settles = consent.narrowed ? intersect(consent.settles, approval.grant.scopes) : consent.settles;

  approval.code.hash = token::token_hash(consent.code);
  approval.code.grant = approval.grant.id;
  approval.code.client = consent.client;
  approval.code.redirect_uri = consent.redirect_uri;
  approval.code.challenge = consent.challenge;
  approval.code.expires_at = context.clock.now() + kCodeLifetime;
  if (const auto stored = context.store.grants().approve(approval); !stored) return stored.error();
  audit("consent_approved", consent, tenant, approval.grant.id, approval.grant.scopes, context);
  return approval_location(consent, context);
}

std::string approval_location(const Consent& consent, const Context& context) {
  std::vector<std::pair<std::string, std::string>> parameters{{"code", consent.code}};
  if (consent.has_state) parameters.emplace_back("state", consent.state);
  parameters.emplace_back("iss", context.server.issuer);
  return append_query(consent.redirect_uri, parameters);
}

// RFC 6749 section 4.1.2.1. The redirect URI was checked when the page was made; that the client is still there is
// looked at again, since an operator may have removed it because of where it leads.
Result<std::string> refuse_consent(const Consent& consent, RefusedBy by, const OAuthError& why,
                                   const Context& context) {
  const auto there = client_is_there(consent.client, context);
  if (!there && there.error().code == Errc::denied) return fail(Errc::not_found, there.error().what);
  if (!there) return there.error();
  store::Denial denial{consent.id, consent.expires_at, {consent.user, consent.client, consent.resource}};
  if (by == RefusedBy::user) denial.settles = consent.settles;
  const auto stored = context.store.grants().refuse(denial);
  if (!stored && stored.error().code != Errc::conflict) return stored.error();
  // Looked at in any case: that a page was decided is forgotten once it has expired, its code is not.
  const auto before = earlier_approval(consent, context);
  if (!before) return before.error();
  if (*before != EarlierApproval::none) return fail(Errc::conflict, "the page was approved before");
  if (stored) audit("consent_denied", consent, "", "", consent.scopes, context);
  return error_location(consent.redirect_uri, why, optional_state(consent), context);
}

Result<EarlierApproval> earlier_approval(const Consent& consent, const Context& context) {
  const auto found = context.store.grants().find_code(token::token_hash(consent.code));
  if (!found) return found.error();
  if (!*found) return EarlierApproval::none;
  const auto& [code, grant] = **found;
  if (code.used_at) return EarlierApproval::fetched;
  const bool good = code.expires_at > context.clock.now() && !grant.revoked_at;
  return good ? EarlierApproval::waiting : EarlierApproval::lapsed;
}

std::vector<std::pair<std::string, std::string>> request_of(const Consent& consent) {
  std::vector<std::pair<std::string, std::string>> parameters{{"response_type", "code"},
                                                              {"client_id", consent.client},
                                                              {"redirect_uri", consent.redirect_uri},
                                                              {"code_challenge", consent.challenge},
                                                              {"code_challenge_method", "S256"},
                                                              {"resource", consent.resource},
                                                              {"scope", join(consent.scopes, " ")}};
  if (consent.has_state) parameters.emplace_back("state", consent.state);
  return parameters;
}

}  // namespace postern::oauth
