#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "config/position.hpp"

namespace postern::config {

using namespace std::chrono_literals;

// Plain values, filled and checked once at start and never changed. Each struct is a mapping of the YAML file; the
// reference (config/postern.reference.yaml) is generated from config/describe/describe.cpp and holds every key with
// default and meaning.

enum class Serve : std::uint8_t { gateway, operations };

struct Certificate {
  std::string certificate;  // path, made absolute from the file's folder
  std::string key;
  Position at;
};

struct Listener {
  std::string host;  // address to bind, without brackets
  std::uint16_t port = 0;
  Serve serve = Serve::gateway;
  bool behind_proxy = false;              // plaintext on purpose: a trusted proxy in front ends TLS
  std::vector<Certificate> certificates;  // empty: plaintext
  Position at;
};

struct Endpoints {
  std::string authorize = "/oauth/authorize";
  std::string token = "/oauth/token";
  std::string register_ = "/oauth/register";
  std::string revoke = "/oauth/revoke";
  std::string introspect = "/oauth/introspect";
  std::string jwks = "/oauth/jwks";  // served where tokens are signed
};

enum class TokenFormat : std::uint8_t { opaque, jwt };

struct AccessTokens {
  TokenFormat format = TokenFormat::opaque;
  std::string algorithm = "ES256";  // of keys made for `jwt`
  std::string prefix = "mcpv1_";
  Duration lifetime = 10min;
};

struct RefreshTokens {
  Duration lifetime = std::chrono::hours(24 * 30);
  Duration idle = std::chrono::hours(24 * 14);
  Duration grace = 30s;
};

struct Registration {
  bool open = true;                                                   // dynamic: open | closed
  std::optional<std::vector<std::string>> redirect_domains;           // nullopt: any
  bool metadata_documents = true;                                     // clients that are named by the URL of a document
  std::optional<std::vector<std::string>> metadata_document_domains;  // where such documents may be; nullopt: any
};

// Which claims of a provider's tokens say what is asked of them.
struct ExternalClaims {
  // Of each list the first that a token has: text with blanks between, or a list of texts.
  std::vector<std::string> scopes{"scp", "scope", "roles"};
  std::vector<std::string> client{"azp", "appid", "client_id"};
  std::string user = "sub";
  std::string email = "email";
  std::string tenant = "tid";  // for resources without a tenant of their own
};

// Tokens made elsewhere: signed JWTs of a provider that the operator trusts. Users are called NAME:SUBJECT, NAME being
// the authorization server's.
struct External {
  std::string issuer;          // exactly as in `iss`
  std::string discovery;       // where the provider's metadata is; empty: where its issuer says
  std::string jwks_uri;        // empty: found through discovery
  std::string token_endpoint;  // may be empty
  std::vector<std::string> audience;
  std::vector<std::string> token_types{"JWT", "at+jwt"};
  std::vector<std::string> algorithms{"RS256", "ES256"};
  ExternalClaims claims;
  std::optional<std::vector<std::string>> allowed_clients;  // nullopt: any
  std::vector<std::string> required_scopes;                 // of every call
  // What the tenant claim says to the tenant's handle; empty: it says the handle.
  std::map<std::string, std::string, std::less<>> tenant_map;
  bool members_only = true;  // members: listed | any
  std::string role;          // of those who are not listed
  Position role_at;
};

struct AuthorizationServer {
  std::string name;
  bool is_default = false;
  std::string issuer;    // exactly as published; no trailing slash; may hold {tenant}
  std::string key_ring;  // what its signing keys are kept under: the issuer as written
  std::string tenant;    // once {tenant} is filled in: whose it is
  Endpoints endpoints;   // paths on the issuer's origin; with {tenant} where the issuer's path has it
  AccessTokens access_token;
  RefreshTokens refresh_token;
  Registration registration;
  std::optional<External> external;     // tokens are made elsewhere: none of the keys above but `issuer` counts
  bool step_up_refresh_refusal = true;  // the switch for clients that refresh instead of authorizing again
  Position at;
};

// Which claims of an ID token say who has signed in.
struct ProviderClaims {
  std::string user = "sub";
  std::string name = "name";
  std::string email = "email";
  std::string tenants;  // whose members they are; empty: the claims say nothing of it
  std::map<std::string, std::string, std::less<>> tenant_map;  // to handles; empty: the claim says handles
  std::string role;                                            // in all of these; empty: none
};

// Where users sign in with OpenID Connect.
struct Provider {
  enum class Authentication : std::uint8_t { basic, post, none };

  std::string name;   // of its users: NAME:SUBJECT
  std::string label;  // what people read
  std::string issuer;
  std::string discovery;  // where its metadata is; empty: where its issuer says
  std::string client_id;
  Secret client_secret;  // empty with Authentication::none
  Authentication authentication = Authentication::basic;
  std::vector<std::string> scopes{"openid", "profile", "email"};
  std::vector<std::string> algorithms{"RS256", "ES256"};  // of ID tokens
  bool send_resource = false;                             // RFC 8707, which some providers refuse
  std::vector<std::string> allowed_tenants;               // where its users may be members; empty: anywhere
  ProviderClaims claims;
  Position at;
};

struct Identity {
  bool local = true;
  std::string callback;  // where providers send users back to; may hold {provider}: provider_callback()
  Position callback_at;
  std::vector<Provider> providers;
  Duration session = std::chrono::hours(12);  // how long a browser stays signed in
};

struct Member {
  std::string user;  // "alice" or "PROVIDER:SUBJECT"; stored as a user key
  std::string role;
  Position at;  // of the role, where there is one
};

struct TenantEntry {
  std::string handle;
  std::string name;
  std::string plan;
  std::vector<Member> members;
  Position at;
};

// Files, as paths made absolute from the file's folder.
struct UpstreamTls {
  std::string authorities;  // empty: those of the system
  std::string certificate;  // shown to the upstream; empty: none
  std::string key;
  Position at;
};

struct Upstream {
  std::string name;
  std::vector<std::string> urls;                             // http://… and https://…; checked
  UpstreamTls tls;                                           // for the https:// ones
  std::vector<std::pair<std::string, std::string>> headers;  // templates: "{tenant.handle}", "{user.email|-}"
  Secret bearer;                                             // credential.bearer; empty: none
  Duration connect_timeout = 5s;
  Duration response_timeout = 120s;      // to the answer's head
  Duration stream_idle_timeout = 10min;  // between bytes of a streamed answer
  std::size_t connections = 2048;        // per worker and address
  bool sse = false;                      // transport of 2024-11-05, behind and in front
  bool first_check = true;               // its tools are listed once after each grant's first token
  // A stdio server run here instead of `urls`: the program and its arguments.
  std::vector<std::string> command;
  std::vector<std::pair<std::string, Secret>> env;
  std::string directory;                             // absolute
  bool shared_process = false;                       // one process for all, rather than one for each session
  std::size_t processes = 32;                        // at a time
  bool log_stderr = false;                           // its standard error in the log, word for word
  Duration session_idle = std::chrono::minutes(30);  // of sessions kept here: those of `command` and of sse
  Position at;
};

// The policy that is there without a file: every member of a tenant may use everything, after agreeing to one scope.
inline constexpr auto* kBuiltInPolicy = "default";

// Below a resource whose upstream is spoken to with `transport: sse`: where clients of that transport post to.
inline constexpr std::string_view kMessagesPath = "/messages";

// At the root of the host of a resource with `rest: true`; below the first one the names of its tools.
inline constexpr std::string_view kRestPaths[] = {"/tools", "/health", "/.well-known/openapi.json",
                                                  "/.well-known/ai-plugin.json"};

// How a request that the policy denies is answered.
enum class Denials : std::uint8_t {
  jsonrpc,  // 200 with the answer that JSON-RPC or the tool's result has for it, where the request has an id
  http,     // 403
};

struct Resource {
  std::string serve;  // URL template as written: may hold {tenant} once, in host or path
  std::string upstream;
  std::string policy;
  std::string policy_written;        // for messages, as Text has it
  std::string authorization_server;  // filled in with the default one
  std::string tenant;                // a fixed tenant; empty: from the URL, or picked by the user
  std::string same_as;               // `serve` of the one this is another address of
  bool root = false;
  bool manual_tokens = false;   // made by hand, held to their tenant by X-Tenant
  bool rest = false;            // its tools as plain REST as well, at the root of this address's host
  bool public_openapi = false;  // its OpenAPI document without a token: what the policy's default scopes allow
  Denials denials = Denials::jsonrpc;
  std::string name;  // shown on the consent page; default: the upstream's name
  Position at;
};

struct Rate {
  double per_second = 0;
  double burst = 0;
};

struct Limits {
  std::size_t body = 4 * 1024 * 1024;
  std::size_t body_memory = 256 * 1024 * 1024;
  std::size_t head = 16 * 1024;
  std::size_t connections = 10'000;
  std::size_t connections_per_address = 1'000;
  std::size_t calls_per_user = 500;
  std::size_t unused_clients = 10'000;
  Duration header_deadline = 10s;
  Duration body_deadline = 30s;
  Duration handshake_deadline = 10s;
  Duration write_deadline = 30s;
  Duration idle = 75s;  // longer than the 60 s of common load balancers, so that these close first
  Duration stream_keepalive = 15s;
  Rate call{50, 500};
  Rate token{10, 30};
  Rate register_{0.5, 30};
  Rate sign_in{1.0 / 6, 10};
  Rate authorize{20, 300};
};

// How documents are fetched whose URL a stranger chose.
struct Fetch {
  struct Elsewhere {
    std::string host;
    std::string address;  // without brackets
    std::uint16_t port = 0;
  };

  std::string authorities;                 // path; empty: those of the system
  std::vector<std::string> allow_private;  // networks (CIDR) and hosts that may be asked though they are not public
  std::vector<Elsewhere> connect_to;       // hosts that are asked elsewhere than where their names lead
  Position at;
};

enum class LogLevel : std::uint8_t { debug, info, warning, error };

struct Log {
  LogLevel level = LogLevel::info;
  std::string file;   // empty: standard error
  std::string audit;  // empty: the same place
  Position file_at;
  Position audit_at;
};

// The field in which the trusted proxies say who their client is. Only this one is read.
enum class ClientIpHeader : std::uint8_t { x_forwarded_for, forwarded };

struct PolicyFile {
  std::string path;
  Position at;
};

struct Config {
  std::string file;
  std::vector<Listener> listen;
  std::vector<std::string> trusted_proxies;  // CIDRs, checked
  ClientIpHeader client_ip_header = ClientIpHeader::x_forwarded_for;
  std::string store;  // "sqlite:/absolute/path"
  Position store_at;
  std::vector<AuthorizationServer> authorization_servers;
  Identity identity;
  std::vector<TenantEntry> tenants;
  std::vector<Upstream> upstreams;
  std::vector<Resource> resources;
  std::vector<std::string> origins;  // beside our own
  std::vector<PolicyFile> policies;
  Limits limits;
  Fetch fetch;
  Log log;
  std::size_t workers = 0;  // 0: one per core

  // Choices that weaken the gateway, each a sentence that names its key: printed at start, one warning each.
  std::vector<std::string> warnings;
};

}  // namespace postern::config
