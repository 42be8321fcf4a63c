#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::web {

// What each page shows, and the page itself as HTML. Everything is escaped here; values are passed as they are. Pure.

struct Account {
  std::string name;
  std::string email;  // may be empty
};

struct ProviderChoice {
  std::string name;
  std::string label;
};

struct LoginView {
  std::string lead;         // below the heading; may be empty
  std::string alert;        // what went wrong; may be empty
  std::string username;     // as typed before
  std::string continue_to;  // own path; may be empty
  std::string form_token;
  bool with_password = true;
  std::vector<ProviderChoice> providers;
  // What signing in is for, where an app asks: its name, what it would use, and where the browser is sent in the end.
  std::string app;
  std::string resource;
  std::string destination;
  std::string error;  // of a request at fault: what the app will be told there; else empty
  std::string back;   // complete Location with an error, where nobody can sign in; else empty
};

struct TenantChoice {
  std::string handle;
  std::string name;
  std::string role;  // may be empty
};

struct ConsentView {
  std::string action;  // path of the form
  std::string flow;    // sealed
  std::string client;
  std::string client_standing;  // where the client comes from
  std::string resource;
  Account account;
  std::string switch_account;                               // own path
  std::string destination;                                  // where the browser is sent
  std::string warning;                                      // may be empty
  std::vector<TenantChoice> tenants;                        // one: shown and sent along; several: picked from
  std::vector<std::pair<std::string, std::string>> scopes;  // name and text
  std::vector<std::string> offered;                         // of these, the ones that the app did not ask for
  std::vector<std::string> missing;                         // of these, the ones that a refused call of the app needed
  bool limited_by_role = false;                             // not every tenant may be granted all of them
  std::string reference;                                    // request id, for support
};

// Where somebody can go on from a page that cannot; what is empty is not offered.
struct WaysOn {
  std::string again;        // own path: try once more
  std::string app;          // complete Location with an error, so that the app does not wait
  std::string destination;  // where that is, with `app`
};

struct RefusedView {
  std::string title;
  std::string text;
  std::string reference;
  Account account;     // of nobody when the name is empty
  std::string action;  // with `flow`: a button that takes the answer to the client
  std::string flow;
  std::string_view decision = "deny";  // what that button sends
  std::string switch_account;          // own path; may be empty
  WaysOn ways;
};

// An authorization request at fault. Its app does not learn of it as long as nobody is signed in.
struct FaultView {
  std::string client;
  std::string client_standing;  // where the client comes from
  std::string destination;      // where the browser would be sent
  std::string error;            // of RFC 6749 section 4.1.2.1 and its kin
  std::string description;      // what is wrong, a sentence
  std::string sign_in;          // own path
  bool comes_back = true;       // signing in there leads back to the request
  std::string reference;
};

std::string render_login(const LoginView& view);
std::string render_consent(const ConsentView& view);
std::string render_refused(const RefusedView& view);
std::string render_fault(const FaultView& view);
std::string render_account(const Account& account);
std::string render_logout(const Account& account, std::string_view form_token);

// The CSP source of the one style block that every page holds: 'sha256-…' (CSP Level 3 section 2.3.1).
const std::string& style_source();

}  // namespace postern::web
