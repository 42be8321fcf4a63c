#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "web/views.hpp"

namespace postern::web {

// What the pages of an account show, and the pages as HTML; as views.hpp has it. Pure.

enum class AccountPlace : std::uint8_t { apps, endpoints, tokens };

struct AccountHead {
  Account account;
  AccountPlace place = AccountPlace::apps;
  std::string notice;  // what was just done; may be empty
};

// What is to be said of any grant.
struct GrantFacts {
  std::string grant;
  std::string tenant_name;
  std::string tenant_handle;
  std::string resource;  // its name
  std::string url;
  std::vector<std::pair<std::string, std::string>> scopes;  // name and text, which may be empty
  Time since{};
  Time expires{};
  std::optional<Time> last_used;
};

struct AppView {
  std::string client;
  std::string client_standing;
  std::int64_t calls = 0;
  GrantFacts facts;
};

struct AppsView {
  AccountHead head;
  std::string form_token;
  std::vector<AppView> apps;
  std::size_t more = 0;  // that are not shown
};

struct TokenView {
  std::string name;  // may be empty
  GrantFacts facts;
};

struct AbilityView {
  std::string scope;
  std::string text;
  bool chosen = false;
};

struct LifetimeView {
  int days = 0;
  bool chosen = false;
};

// The form that makes a token for one resource and tenant.
struct TokenForm {
  std::string alert;  // what is wrong with what was sent; may be empty
  std::string once;   // makes the form good for one token
  std::string resource;
  std::string canonical;
  std::string url;
  std::string tenant_name;
  std::string tenant_handle;
  std::string name;  // as typed before
  std::vector<AbilityView> abilities;
  std::vector<LifetimeView> lifetimes;
};

struct TokenPlace {
  std::string label;
  std::string href;  // own path
};

struct NewToken {
  std::string value;
  std::string name;
  std::string url;
  std::string tenant_handle;
};

struct TokensView {
  AccountHead head;
  std::string form_token;
  bool nowhere = false;  // nothing that the user can reach takes such tokens, whether or not there are any
  std::optional<NewToken> made;
  std::optional<TokenForm> form;
  std::vector<TokenPlace> places;  // to choose from, where there is more than one
  std::vector<TokenView> tokens;
};

enum class EndpointState : std::uint8_t { never, waiting, connected, upstream_down, scope_missing };

// What to paste into one client.
struct Snippet {
  std::string client;
  std::string steps;
  std::string text;
};

struct EndpointView {
  std::string resource;           // its name
  std::vector<std::string> urls;  // the one to register first
  bool shared = false;            // the tenant is picked while authorizing
  std::string authorization_server;
  std::string scopes;  // that clients are told to ask for
  bool manual_tokens = false;
  EndpointState state = EndpointState::never;
  std::string detail;  // a sentence about the state
  std::string grant;   // whose tools can be listed again; empty: none
  std::vector<Snippet> snippets;
};

struct TenantView {
  std::string name;
  std::string handle;
  std::string role;  // may be empty
  std::vector<EndpointView> endpoints;
};

struct EndpointsView {
  AccountHead head;
  std::string form_token;
  std::vector<TenantView> tenants;
  bool more = false;  // that are not shown
};

std::string render_apps(const AppsView& view);
std::string render_tokens(const TokensView& view);
std::string render_endpoints(const EndpointsView& view);

}  // namespace postern::web
