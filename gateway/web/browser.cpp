#include "web/browser.hpp"

#include <algorithm>
#include <chrono>

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "http/cookie.hpp"
#include "http/media_type.hpp"
#include "web/response.hpp"

namespace postern::web {
namespace {

constexpr std::string_view kSessionCookie = "postern_session";
constexpr std::string_view kBrowserCookie = "postern_browser";

http::CookieOptions cookie_options(const PageContext& context, long max_age) {
  return {.secure = context.oauth.secure(), .max_age = max_age};
}

// Browsers tell who sent a form. Only what a page of ours or the user sent is taken; a sibling host ("same-site") may
// belong to another tenant.
bool is_sent_by_us(const http::Request& request, const PageContext& context) {
  const auto site = request.header("sec-fetch-site");
  const bool vouched = site && (*site == "same-origin" || *site == "none");
  if (site && !vouched) return false;
  const auto origin = request.header("origin");
  if (!origin) return true;
  // Under Referrer-Policy: no-referrer browsers write "null" for our own forms too (Fetch section 3.1): then the site
  // has to be vouched for.
  if (*origin == "null") return vouched;
  return request.header_count("origin") == 1 && (*origin == request.origin || *origin == context.oauth.issuer_origin());
}

// Whoever could not sign in any more is not signed in any more.
bool may_sign_in(const std::string& user, const PageContext& context) {
  if (context.identity == nullptr) return true;
  const auto provider = user.substr(0, user.find(':'));
  if (provider == "local") return context.identity->local;
  const auto& providers = context.identity->providers;
  return std::ranges::find(providers, provider, &config::Provider::name) != providers.end();
}

std::string token_purpose(std::string_view form) { return "form token: " + std::string(form); }

}  // namespace

Result<std::optional<Session>> find_session(const http::Request& request, const PageContext& context) {
  const auto cookie = http::read_cookie(request, kSessionCookie, context.oauth.secure());
  if (!cookie || cookie->empty()) return std::nullopt;
  std::string hash = crypto::sha256_string(*cookie);
  auto& users = context.oauth.store.users();
  const auto session = users.find_session(hash, context.oauth.clock.now());
  if (!session) return session.error();
  if (!*session) return std::nullopt;
  auto user = users.find((*session)->user);
  if (!user) return user.error();
  if (!*user || (*user)->disabled || !may_sign_in((*user)->key, context)) return std::nullopt;
  return std::optional<Session>({std::move(**user), std::move(hash)});
}

Result<std::string> start_session(const store::User& user, const http::Request& request, const PageContext& context) {
  if (const auto ended = end_session(request, context); !ended) return ended.error();
  const std::string value = crypto::random_token();
  const Time now = context.oauth.clock.now();
  const auto added = context.oauth.store.users().add_session({.hash = crypto::sha256_string(value),
                                                              .user = user.key,
                                                              .created_at = now,
                                                              .expires_at = now + context.session_lifetime});
  if (!added) return added.error();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(context.session_lifetime).count();
  return http::set_cookie(kSessionCookie, value, cookie_options(context, static_cast<long>(seconds)));
}

Result<std::string> end_session(const http::Request& request, const PageContext& context) {
  const auto cookie = http::read_cookie(request, kSessionCookie, context.oauth.secure());
  if (cookie && !cookie->empty()) {
    const auto removed = context.oauth.store.users().remove_session(crypto::sha256_string(*cookie));
    if (!removed && removed.error().code != Errc::not_found) return removed.error();
  }
  return http::set_cookie(kSessionCookie, "", cookie_options(context, 0));
}

BrowserCookie browser_cookie(const http::Request& request, const PageContext& context) {
  auto cookie = http::read_cookie(request, kBrowserCookie, context.oauth.secure());
  if (cookie && !cookie->empty()) return {std::move(*cookie), std::nullopt};
  std::string value = crypto::random_token();
  std::string header = http::set_cookie(kBrowserCookie, value, cookie_options(context, -1));
  return {std::move(value), std::move(header)};
}

std::string form_token(std::string_view form, std::string_view bound_to, const PageContext& context) {
  return base64url_encode(context.oauth.seal.seal(crypto::sha256_string(bound_to), token_purpose(form)));
}

bool is_form_token(std::string_view token, std::string_view form, std::string_view bound_to,
                   const PageContext& context) {
  const auto sealed = base64url_decode(token);
  if (!sealed) return false;
  const auto opened = context.oauth.seal.open(*sealed, token_purpose(form));
  return opened && crypto::constant_time_equal(*opened, crypto::sha256_string(bound_to));
}

boost::system::result<http::Form, http::Response> own_form(const http::Request& request, const PageContext& context) {
  const auto type = request.header("content-type");
  if (!type || !http::is_media_type(*type, "application/x-www-form-urlencoded")) {
    return refuse(415, "Not a form", "This page takes what its own form sends.", request, context.oauth);
  }
  if (!is_sent_by_us(request, context)) {
    return refuse(403, "Sent by another site", "This was not sent by a page of this site, so nothing was done.",
                  request, context.oauth);
  }
  auto form = http::Form::parse(request.body);
  if (!form || !form->repeated().empty()) {
    return refuse(400, "Not understood", "The form arrived damaged. Go back and try again.", request, context.oauth);
  }
  return std::move(*form);
}

std::string own_path(std::string_view text) {
  // Browsers drop tabs and line ends, and read "\" as "/" (WHATWG URL section 4.4): "/\evil.example" is another host.
  const bool plain = std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F && c != '\\'; });
  if (!plain || !text.starts_with('/') || text.starts_with("//")) return {};
  return std::string(text);
}

}  // namespace postern::web
