#include <algorithm>
#include <vector>

#include "config/address_template.hpp"
#include "crypto/hash.hpp"
#include "http/header/cookie.hpp"
#include "http/url/url.hpp"
#include "idp/id_token.hpp"
#include "idp/provider_user.hpp"
#include "web/browser.hpp"
#include "web/display.hpp"
#include "web/pages.hpp"
#include "web/response.hpp"
#include "web/sign_in/app_request.hpp"
#include "web/sign_in/sign_in_state.hpp"

namespace postern::web {
namespace {

constexpr std::string_view kTitle = "Not signed in";

// One sign-in that comes back, with all that was found out about it.
struct Return {
  const http::Request& request;
  const PageContext& context;
  const http::Form& form;
  std::string state;
  Time expires_at{};
  idp::SignInAtProvider sign_in;
  const config::Provider* provider = nullptr;
  WaysOn ways;  // as soon as it is known that this browser began the sign-in

  const oauth::Context& oauth() const { return context.oauth; }
};

http::Response refuse_return(int status, const std::string& text, const Return& back) {
  return refuse(status, kTitle, text, back.request, back.oauth(), back.ways);
}

void audit_failure(const std::string& why, const Return& back) {
  if (!back.oauth().log.admits(telemetry::StrangerLine::sign_in)) return;
  back.oauth().log.audit("sign_in_failed", {{"provider", back.provider->name},
                                            {"what", why},
                                            {"address", back.request.peer},
                                            {"request_id", back.request.request_id}});
}

// The reason is for the log: whoever forged something learns nothing from it.
http::Response not_believed(const std::string& why, const Return& back) {
  audit_failure(why, back);
  return refuse_return(
      403, "What " + display_text(back.provider->label) + " said could not be verified. Connect again from the app.",
      back);
}

// Once and never again, in every process: RFC 6749 section 10.12, RFC 9700 section 4.7.
std::optional<http::Response> use_up(const Return& back) {
  const auto used = back.oauth().store.clients().use_once(
      crypto::sha256_string("sign-in state" + std::string(1, '\0') + back.state), back.expires_at);
  if (used) return std::nullopt;
  if (used.error().code != Errc::conflict) return store_away(used.error(), back.request, back.oauth());
  return refuse_return(400, "This sign-in was used before. Connect again from the app.", back);
}

// Only the browser that pressed the button has the cookie. An address that was captured on its way to the provider, or
// back from it, is worth nothing in another.
std::optional<http::Response> find_sign_in(Return& back) {
  const auto cookie = http::read_cookie(back.request, state_cookie(back.state), back.oauth().secure());
  auto sign_in = cookie ? open_sign_in(*cookie, back.state, back.oauth()) : std::nullopt;
  if (!sign_in) {
    return refuse_return(403, "This sign-in was begun in another browser, or has ended. Connect again from the app.",
                         back);
  }
  back.sign_in = *std::move(sign_in);
  back.ways = ways_on(back.sign_in.continue_to, back.oauth());
  back.provider = find_provider(back.sign_in.provider, back.context);
  if (back.provider == nullptr) return refuse_return(400, "There is no such way to sign in here any more.", back);
  return std::nullopt;
}

// RFC 9207 section 2.4: an answer that another provider sent through this browser is not taken.
bool is_of_issuer(const Return& back, const idp::ProviderMetadata& metadata) {
  const auto named = back.form.get("iss");
  if (!named) return !metadata.names_itself;
  return *named == back.provider->issuer;
}

// OpenID Connect Core section 3.1.2.6.
http::Response told_an_error(std::string_view error, const Return& back) {
  audit_failure("the provider says " + idp::error_code(error), back);
  const auto label = display_text(back.provider->label);
  if (error == "access_denied") {
    return refuse_return(403, "You were not signed in at " + label + ". Connect again from the app.", back);
  }
  return refuse_return(502, label + " could not sign you in. Connect again from the app, or ask an administrator.",
                       back);
}

struct Answer {
  std::optional<http::Response> refused;
  std::optional<crypto::Claims> claims;
};

// One of the provider's keys must have made it; keys that are held are asked for anew when none of them can have.
Result<bool> is_signed(const crypto::Jws& jws, const std::string& jwks_uri, const oauth::Context& context) {
  for (const bool fresh : {false, true}) {
    const auto text = context.documents->get({oauth::DocumentKind::provider_keys, jwks_uri, fresh});
    if (!text) return text.error();
    const auto set = crypto::parse_jwk_set(**text);
    if (!set) return fail(Errc::protocol, set.error().what);
    if (jws.signer(set->keys) != nullptr) return true;
    if (!jws.kid().empty() && !jws.candidates(set->keys).empty()) break;
  }
  return false;
}

Answer check_id_token(const std::string& compact, const idp::ProviderMetadata& metadata, const Return& back) {
  const auto jws = idp::read_id_token(compact, *back.provider);
  if (!jws) return {not_believed(jws.error().what, back), {}};
  const auto genuine = is_signed(*jws, metadata.jwks_uri, back.oauth());
  if (!genuine) return {provider_away(*back.provider, genuine.error().what, back.request, back.context, back.ways), {}};
  if (!*genuine) return {not_believed("none of the provider's keys signed the id_token", back), {}};
  auto claims = idp::id_token_claims(*jws, *back.provider, back.sign_in.nonce, back.oauth().clock.now());
  if (!claims) return {not_believed(claims.error().what, back), {}};
  return {std::nullopt, std::move(*claims)};
}

// OpenID Connect Core section 3.1.3. Whoever runs this endpoint sends the request and runs it again with the answer,
// which is nowhere kept.
Answer redeem(std::string_view code, const idp::ProviderMetadata& metadata, const Return& back) {
  const auto callback = config::provider_callback(back.context.identity->callback, back.provider->name);
  auto request = idp::code_request(*back.provider, callback, back.sign_in, code);
  const auto answer = back.oauth().documents->get({.kind = oauth::DocumentKind::provider_token,
                                                   .url = metadata.token_endpoint,
                                                   .form = std::move(request.form),
                                                   .authorization = std::move(request.authorization)});
  if (!answer) return {provider_away(*back.provider, answer.error().what, back.request, back.context, back.ways), {}};
  const auto compact = idp::id_token_of(**answer);
  if (!compact) return {not_believed(compact.error().what, back), {}};
  return check_id_token(*compact, metadata, back);
}

// Claims may name tenants that are none here, or not yet.
Result<std::vector<store::Membership>> that_exist(std::vector<store::Membership> memberships,
                                                  const tenant::Directory& directory) {
  std::vector<store::Membership> found;
  for (auto& membership : memberships) {
    const auto tenant = directory.find(membership.tenant);
    if (!tenant) return tenant.error();
    if (*tenant) found.push_back(std::move(membership));
  }
  return found;
}

http::Response sign_in_as(const crypto::Claims& claims, const Return& back) {
  auto user = idp::provider_user(claims, *back.provider, back.oauth().clock.now());
  if (!user) return not_believed(user.error().what, back);
  const auto memberships = that_exist(std::move(user->memberships), back.oauth().directory);
  if (!memberships) return store_away(memberships.error(), back.request, back.oauth());
  const auto stored = back.oauth().store.users().sign_in_elsewhere(user->user, *memberships);
  if (!stored && stored.error().code == Errc::denied) {
    return refuse_return(403, "This account is disabled. Ask an administrator.", back);
  }
  if (!stored) return store_away(stored.error(), back.request, back.oauth());
  const auto& continue_to = back.sign_in.continue_to;
  auto response = see_other(continue_to.empty() ? "/login" : continue_to, back.oauth().secure());
  const auto started = start_session(user->user, back.request, back.context, response);
  if (!started) return store_away(started.error(), back.request, back.oauth());
  back.oauth().log.audit(
      "signed_in", {{"user", user->user.key}, {"address", back.request.peer}, {"request_id", back.request.request_id}});
  return response;
}

// Nothing changes before all is checked: what is not at hand is fetched, and all of this is run again.
http::Response finish(const Return& back) {
  const auto metadata = metadata_of(*back.provider, back.oauth());
  if (!metadata) return provider_away(*back.provider, metadata.error().what, back.request, back.context, back.ways);
  if (metadata->token_endpoint.empty() || metadata->jwks_uri.empty()) {
    return provider_away(*back.provider, "its metadata lacks token_endpoint or jwks_uri", back.request, back.context,
                         back.ways);
  }
  const bool of_issuer = is_of_issuer(back, *metadata);
  const auto error = back.form.get("error");
  const auto code = back.form.get("code");
  Answer answer;
  if (of_issuer && !error && code && !code->empty()) {
    answer = redeem(*code, *metadata, back);
    if (back.oauth().documents->wanted()) return *std::move(answer.refused);
  }
  if (auto used = use_up(back)) return *std::move(used);
  if (!of_issuer) return not_believed("iss is another issuer, or missing", back);
  if (error) return told_an_error(*error, back);
  if (!code || code->empty()) return refuse_return(400, "The answer of the provider lacks its code.", back);
  if (answer.refused) return *std::move(answer.refused);
  return sign_in_as(*answer.claims, back);
}

http::Response damaged(const http::Request& request, bool secure) {
  return error_page(400, std::string(kTitle), "This is no answer to a sign-in of ours. Connect again from the app.",
                    request.request_id, secure);
}

}  // namespace

http::Response callback(const http::Request& request, const std::string& address, const crypto::Aead& seal) {
  const bool secure = request.origin.starts_with("https://");
  const auto form = http::Form::parse(request.query);
  const auto state = form ? open_state(form->get_or_empty("state"), seal) : std::nullopt;
  if (!state) return damaged(request, secure);
  // RFC 9700 section 4.4.2.1: what another provider answered came in at another address.
  const auto expected = http::parse_url(config::provider_callback(address, state->provider));
  if (!expected || expected->path != request.path) return damaged(request, secure);
  return see_other(state->origin + std::string(kReturnPath) + "?" + request.query, secure);
}

http::Response return_from_provider(const http::Request& request, const PageContext& context) {
  const auto& oauth = context.oauth;
  const auto form = http::Form::parse(request.query);
  if (!form || !form->repeated().empty() || oauth.documents == nullptr) return damaged(request, oauth.secure());
  Return back{request, context, *form, form->get_or_empty("state"), {}, {}, nullptr, {}};
  const auto state = open_state(back.state, oauth.seal);
  if (!state || state->origin != oauth.issuer_origin()) return damaged(request, oauth.secure());
  back.expires_at = state->expires_at;
  auto refused = find_sign_in(back);
  if (oauth.documents->wanted()) return damaged(request, oauth.secure());  // this is run again
  if (state->expires_at <= oauth.clock.now()) {
    return refuse_return(400, "Signing in took too long. Connect again from the app.", back);
  }
  if (refused) return *std::move(refused);
  auto response = finish(back);
  response.headers.add("Set-Cookie",
                       http::set_cookie(state_cookie(back.state), "", {.secure = oauth.secure(), .max_age = 0}));
  return response;
}

}  // namespace postern::web
