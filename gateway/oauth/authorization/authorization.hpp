#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "http/form.hpp"
#include "oauth/context.hpp"
#include "oauth/error.hpp"
#include "store/records.hpp"

namespace postern::oauth {

// A checked authorization request (OAuth 2.1 section 4.1.1): every value was validated against the client.
struct AuthorizationRequest {
  store::Client client;
  std::string redirect_uri;  // as the client sent it
  std::string state;         // may be empty
  bool has_state = false;
  std::string challenge;  // S256
  // Asked for, unknown ones dropped; the resource's default ones when none were asked for.
  std::vector<std::string> scopes;
  bool narrowed = true;  // asked for more than `connect`: store::Grant
  bool plain = false;    // no scope was asked for, or those of the challenge to a request without a token
  tenant::ResourcePtr resource;
  bool prompt_login = false;
  // Of a step-up that is pending between client and user, filled in by offer_step_up(): those of `scopes` that were not
  // asked for; those of them that the refused call was missing; and what the user's decision will be about.
  std::vector<std::string> offered;
  std::vector<std::string> missing;
  std::vector<std::string> settles;
};

// The client or its redirect URI cannot be trusted: a page, never a redirect (RFC 9700 section 4.11).
struct PageError {
  int status = 400;
  std::string title;
  std::string text;
};
// Everything else is for the client to hear at its redirect URI. Whether the browser goes there at once is for the
// pages to decide: redirects_before_sign_in().
struct RedirectError {
  AuthorizationRequest request;  // as far as it was read; its client and redirect URI have been checked
  OAuthError error;
  std::string location;  // complete, with error, state and iss
};

using AuthorizationCheck = std::variant<AuthorizationRequest, PageError, RedirectError>;

// A fault of a request whose client and redirect URI have been checked.
RedirectError redirect_error(AuthorizationRequest request, OAuthError error, const Context& context);

// The checks in order, each a function and a file of its own. Blocks on the store.
AuthorizationCheck check_authorization(const http::Form& parameters, const Context& context);

// A consent page under way, sealed into the form: bound to browser, user, client, redirect, resource and scopes, valid
// for 10 minutes and decided once.
struct Consent {
  std::string id;       // random; what makes it single-use
  std::string code;     // what an approval gives the client; secret until then
  std::string browser;  // SHA-256 of the browser's cookie
  std::string user;
  std::string client;
  std::string redirect_uri;
  std::string state;
  bool has_state = false;
  std::string challenge;
  std::string resource;  // canonical
  std::vector<std::string> scopes;
  bool narrowed = true;
  std::vector<std::string> settles;  // step-ups that want no more than these scopes are decided with the page
  Time expires_at{};
};

// Some clients answer a challenge for more scope with a new authorization for the scopes of the plain challenge, and so
// would get what they already had, again and again. While a step-up is pending between the client and this user, a
// plain request offers what it wanted as well, for the user to decide on. A request for other scopes is left as it is,
// and so is one for the full reach of a role (`scope_mode: narrow`): that reach has it all, and asking for more would
// narrow it. Blocks on the store.
Result<void> offer_step_up(AuthorizationRequest& request, std::string_view user, const Context& context);

// A page to be decided by that browser and user within 10 minutes, with an id of its own.
Consent make_consent(const AuthorizationRequest& request, std::string_view browser, std::string_view user,
                     const Context& context);
std::string seal_consent(const Consent& consent, const Context& context);
// `browsers` are all that the page may be bound to. denied: it is not ours, or of another browser. Whether it has
// expired and whose it is are for the caller to look at: an app can still be told that nothing comes of it.
Result<Consent> open_consent(std::string_view sealed, const std::vector<std::string>& browsers, const Context& context);

// What the scopes come to for a member with that role: what may be granted, in the policy's order; empty: nothing
// remains.
std::vector<std::string> grantable_scopes(const Consent& consent, std::string_view role, const Context& context);

// Stores grant and code in one step and yields the Location to send the browser to (code, state, iss). conflict: this
// page was decided before. denied: the user is disabled or no member of the tenant, its plan does not include the
// resource, no scope remains, or the client is gone; the page stays undecided, so refuse_consent() can still send the
// browser back.
Result<std::string> approve(const Consent& consent, std::string_view tenant, const Context& context);
// Who refuses a page: its user, or the gateway because it cannot be decided any more. Only the user's answer settles a
// step-up.
enum class RefusedBy : std::uint8_t { user, gateway };
// Marks the page as decided and yields the Location with the error: the user said no, or the page cannot be decided any
// more. A page that was refused before yields it again, since a browser may have dropped the first answer. conflict: it
// was approved before. not_found: the client is gone, and where the page leads can no longer be trusted.
Result<std::string> refuse_consent(const Consent& consent, RefusedBy by, const OAuthError& why, const Context& context);

// What became of the approval of a page that was decided before.
enum class EarlierApproval : std::uint8_t {
  none,     // it was refused
  waiting,  // the client has not fetched its tokens yet, and still can
  fetched,  // it has
  lapsed,   // it has not, and can no longer
};
Result<EarlierApproval> earlier_approval(const Consent& consent, const Context& context);
// The Location of an approval, with code, state and iss.
std::string approval_location(const Consent& consent, const Context& context);
// The parameters of the request that the page is of, to ask once more.
std::vector<std::pair<std::string, std::string>> request_of(const Consent& consent);

// The URI with the parameters added to whatever query it has.
std::string append_query(std::string_view uri, const std::vector<std::pair<std::string, std::string>>& parameters);
// Location with error, error_description, state, iss (RFC 9207), appended to the redirect URI's own query (RFC 6749
// section 4.1.2.1).
std::string error_location(std::string_view redirect_uri, const OAuthError& error,
                           const std::optional<std::string>& state, const Context& context);

}  // namespace postern::oauth
