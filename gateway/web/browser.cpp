#include "web/browser.hpp"

#include <algorithm>
#include <chrono>

#include "base/encoding.hpp"
#include "crypto/hash.hpp"
#include "crypto/random.hpp"
#include "http/header/cookie.hpp"
#include "http/header/media_type.hpp"
#include "web/response.hpp"

namespace postern::web {
namespace {

constexpr std::string_view kSessionCookie = "postern_session";
constexpr std::string_view kBrowserCookie = "postern_browser";
// Of those a browser sends, as many as are looked at: far more than pages that somebody opens in one moment.
constexpr std::size_t kMostMarks = 16;

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

std::string bound_to(std::string_view mark, std::string_view user) {
  return crypto::sha256_string(std::string(mark) + std::string(user));
}

}  // namespace

std::vector<std::string> KnownBrowser::marks() const {
  std::vector<std::string> all;
  for (const Cookie& cookie : cookies_) all.push_back(crypto::sha256_string(cookie.value));
  return all;
}

KnownBrowser find_browser(const http::Request& request, const PageContext& context) {
  KnownBrowser browser;
  for (auto& cookie : http::cookies_that_begin(request, kBrowserCookie, context.oauth.secure())) {
    if (browser.cookies_.size() == kMostMarks) break;
    if (!cookie.value.empty()) browser.cookies_.push_back({std::move(cookie.name), std::move(cookie.value)});
  }
  return browser;
}

KnownBrowser new_browser() {
  KnownBrowser browser;
  // A name of its own, so that another page that is opened at the same time does not overwrite it.
  browser.cookies_.push_back({std::string(kBrowserCookie) + "_" + crypto::random_token(6), crypto::random_token()});
  return browser;
}

std::string browser_cookie(const KnownBrowser& browser, long max_age, const PageContext& context) {
  const auto& cookie = browser.cookies_.front();
  return http::set_cookie(cookie.name, cookie.value, cookie_options(context, max_age));
}

Result<std::optional<Session>> find_session(const http::Request& request, const PageContext& context) {
  const auto cookie = http::read_cookie(request, kSessionCookie, context.oauth.secure());
  auto browser = find_browser(request, context);
  if (!cookie || cookie->empty() || !browser.known()) return std::nullopt;
  auto& users = context.oauth.store.users();
  const auto session = users.find_session(crypto::sha256_string(*cookie), context.oauth.clock.now());
  if (!session) return session.error();
  if (!*session) return std::nullopt;
  auto user = users.find((*session)->user);
  if (!user) return user.error();
  if (!*user || (*user)->disabled || !may_sign_in((*user)->key, context)) return std::nullopt;
  return std::optional<Session>({std::move(**user), std::move(browser)});
}

Result<void> start_session(const store::User& user, const http::Request& request, const PageContext& context,
                           http::Response& response) {
  if (const auto ended = end_session(request, context); !ended) return ended.error();
  const std::string value = crypto::random_token();
  const Time now = context.oauth.clock.now();
  const auto added = context.oauth.store.users().add_session({.hash = crypto::sha256_string(value),
                                                              .user = user.key,
                                                              .created_at = now,
                                                              .expires_at = now + context.session_lifetime});
  if (!added) return added.error();
  const auto lifetime = std::chrono::duration_cast<std::chrono::seconds>(context.session_lifetime).count();
  const auto seconds = static_cast<long>(lifetime);
  response.headers.add("Set-Cookie", http::set_cookie(kSessionCookie, value, cookie_options(context, seconds)));
  // The session counts with it alone, so it lives as long.
  auto browser = find_browser(request, context);
  if (!browser.known()) browser = new_browser();
  response.headers.add("Set-Cookie", browser_cookie(browser, seconds, context));
  return {};
}

Result<std::string> end_session(const http::Request& request, const PageContext& context) {
  const auto cookie = http::read_cookie(request, kSessionCookie, context.oauth.secure());
  if (cookie && !cookie->empty()) {
    const auto removed = context.oauth.store.users().remove_session(crypto::sha256_string(*cookie));
    if (!removed && removed.error().code != Errc::not_found) return removed.error();
  }
  return http::set_cookie(kSessionCookie, "", cookie_options(context, 0));
}

std::string form_token(std::string_view form, const KnownBrowser& browser, std::string_view user,
                       const PageContext& context) {
  return base64url_encode(context.oauth.seal.seal(bound_to(browser.mark(), user), token_purpose(form)));
}

bool is_form_token(std::string_view token, std::string_view form, const KnownBrowser& browser, std::string_view user,
                   const PageContext& context) {
  const auto sealed = base64url_decode(token);
  if (!sealed) return false;
  const auto opened = context.oauth.seal.open(*sealed, token_purpose(form));
  if (!opened) return false;
  const auto marks = browser.marks();
  return std::ranges::any_of(
      marks, [&](const auto& mark) { return crypto::constant_time_equal(*opened, bound_to(mark, user)); });
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
