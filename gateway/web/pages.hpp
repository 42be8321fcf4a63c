#pragma once

#include <string>

#include "http/message.hpp"
#include "idp/local_users.hpp"
#include "oauth/context.hpp"

namespace postern::web {

// Pages of one authorization server. Same rules as the endpoints of oauth/: plain functions, blocking, on a pool.
struct PageContext {
  const oauth::Context& oauth;
  const idp::LocalUsers& users;
  Duration session_lifetime;
  const config::Identity* identity = nullptr;  // who may sign in; without it users of the store
  idp::PasswordCheck* password = nullptr;      // of this request; without it nobody can sign in with one
};

// Below each authorization server's origin: where a sign-in elsewhere ends that was begun there.
inline constexpr std::string_view kReturnPath = "/login/return";

// GET and POST of the authorization endpoint: checks the request, then sign-in (303 to /login), tenant picker and
// consent in one form, or an error page. A POST with a `flow` or `decision` field is the decision on a consent page.
// Consent is asked for every time and never remembered.
http::Response authorize(const http::Request& request, const PageContext& context);
// GET shows the form, POST takes `username` and `password`; `continue` is an own path only. A POST may note a password
// to be checked (idp::PasswordCheck): then its answer does not count, and it is run again.
http::Response login(const http::Request& request, const PageContext& context);
// `address` is `identity.callback`: sends the browser on to the origin where its sign-in was begun and its cookie is,
// if this is where that sign-in's provider answers. Nothing else.
http::Response callback(const http::Request& request, const std::string& address, const crypto::Aead& seal);
// GET of kReturnPath: the answer of a provider becomes a session. Needs what the provider publishes and its answer to
// the code (oauth::ForeignDocuments).
http::Response return_from_provider(const http::Request& request, const PageContext& context);
// GET asks, POST ends the session.
http::Response logout(const http::Request& request, const PageContext& context);

// What a user has connected, with a button that revokes it; what there is to connect to, with its state; tokens made by
// hand. GET shows, POST changes and shows. Whoever is not signed in is sent to /login first. Each is about what the
// authorization servers of this origin protect.
http::Response account_apps(const http::Request& request, const PageContext& context);
http::Response account_endpoints(const http::Request& request, const PageContext& context);
http::Response account_tokens(const http::Request& request, const PageContext& context);

// A page that says what went wrong, for requests that no route answers in JSON. `secure`: reached through https.
http::Response error_page(int status, const std::string& title, const std::string& text, const std::string& request_id,
                          bool secure = false);

}  // namespace postern::web
