#include "config/describe/describe.hpp"

#include <iterator>
#include <utility>

#include "config/config.hpp"
#include "config/describe/describe_elsewhere.hpp"
#include "config/forms.hpp"
#include "config/text/yaml.hpp"

namespace postern::config {
namespace {

using Type = Row::Type;
using Rows = std::vector<Row>;

std::string truth(bool value) { return value ? "true" : "false"; }

Rows listen() {
  return {
      {"listen", Type::list, "The addresses to listen on, one or more.", {.required = true}},
      {"listen[].address",
       Type::text,
       "An IP address and a port: 0.0.0.0:8443, [::]:8443 or localhost:8080.",
       {.example = "127.0.0.1:8080", .required = true}},
      {"listen[].serve",
       Type::words,
       "What answers here: the gateway, or operations (/metrics, /livez and /readyz) for probes and Prometheus.",
       {.fallback = "gateway", .words = {"gateway", "operations"}}},
      {"listen[].behind_proxy",
       Type::truth,
       "true: plaintext on purpose, because a trusted proxy in front ends TLS. Without it and without `tls` only "
       "loopback addresses are allowed.",
       {.fallback = truth(Listener{}.behind_proxy)}},
      {"listen[].tls", Type::mapping, "TLS on this address.", {.commented = true}},
      {"listen[].tls.certificates",
       Type::list,
       "One or more, chosen by the name the client asks for; read again when the files change.",
       {.required = true}},
      {"listen[].tls.certificates[].certificate",
       Type::text,
       "PEM file with the certificate and those above it.",
       {.example = "tls/mcp.pem", .required = true}},
      {"listen[].tls.certificates[].key",
       Type::text,
       "PEM file with the certificate's private key.",
       {.example = "tls/mcp.key", .required = true}},
      {"trusted_proxies",
       Type::texts,
       "Networks of the proxies in front, which say for whom they speak in the header that `client_ip_header` names. "
       "From anybody else that header counts for nothing.",
       {.fallback = "[]", .may_be_empty = true}},
      {"client_ip_header",
       Type::words,
       "The header in which the proxies in `trusted_proxies` say where a request comes from: the last address in it "
       "that is none of theirs. Limits and sign-in lock-outs count by that address. Only this header is read, so "
       "every proxy must write it: one that sets the other header and passes this one on lets its clients choose "
       "their address.",
       {.fallback = "X-Forwarded-For", .words = {"X-Forwarded-For", "Forwarded"}}},
      {"store",
       Type::text,
       "Where users, clients, grants and tokens are kept: sqlite: and the path of a file, as seen from this file's "
       "folder.",
       {.fallback = "sqlite:postern-data/postern.db"}},
  };
}

Rows authorization_servers() {
  const AuthorizationServer server;
  const auto& endpoints = server.endpoints;
  const std::string at = "authorization_servers.*";
  return {
      {"authorization_servers",
       Type::named,
       "The authorization servers of this gateway, by name.",
       {.example = "main"}},
      {at + ".default",
       Type::truth,
       "true: used by every resource that names none. A single one is it anyway.",
       {.fallback = truth(server.is_default)}},
      {at + ".issuer",
       Type::text,
       "The address clients know it by (RFC 8414), without a slash at its end. https:// but for loopback names. With "
       "{tenant} as a label or segment there is one issuer for each tenant. Required without `external`.",
       {.example = "http://127.0.0.1:8080"}},
      {at + ".step_up_refresh_refusal",
       Type::truth,
       "true: after a step-up challenge the first refresh fails once, so that clients which only refresh ask the user "
       "for the missing scopes.",
       {.fallback = truth(server.step_up_refresh_refusal)}},
      {at + ".endpoints", Type::mapping,
       "Paths on the issuer's host; each with {tenant} where the issuer's path has it."},
      {at + ".endpoints.authorize", Type::text, "Where the user's browser is sent.", {.fallback = endpoints.authorize}},
      {at + ".endpoints.token", Type::text, "Where clients get tokens.", {.fallback = endpoints.token}},
      {at + ".endpoints.register", Type::text, "Where clients register (RFC 7591).", {.fallback = endpoints.register_}},
      {at + ".endpoints.revoke",
       Type::text,
       "Where clients give tokens back (RFC 7009).",
       {.fallback = endpoints.revoke}},
      {at + ".endpoints.introspect",
       Type::text,
       "Where tokens are looked up (RFC 7662).",
       {.fallback = endpoints.introspect}},
      {at + ".endpoints.jwks",
       Type::text,
       "Where others find the public keys of signed tokens (RFC 7517); served with `access_token.format: jwt`.",
       {.fallback = endpoints.jwks}},
      {at + ".access_token", Type::mapping, "The tokens calls are made with."},
      {at + ".access_token.format",
       Type::words,
       "opaque: a random text that only the gateway can read. jwt: signed (RFC 9068), so that servers behind can check "
       "it too; revoking counts at once in both.",
       {.fallback = "opaque", .words = {"opaque", "jwt"}}},
      {at + ".access_token.algorithm",
       Type::words,
       "How keys made from now on sign tokens of format jwt; `postern keys rotate` makes one.",
       {.fallback = server.access_token.algorithm, .words = {"ES256", "RS256", "PS256", "EdDSA"}}},
      {at + ".access_token.prefix",
       Type::text,
       "What every opaque token begins with, for secret scanners.",
       {.fallback = server.access_token.prefix}},
      {at + ".access_token.lifetime",
       Type::duration,
       "How long a token is good, 1s to 1d.",
       {.fallback = format_duration(server.access_token.lifetime)}},
      {at + ".refresh_token", Type::mapping, "The tokens that get new access tokens."},
      {at + ".refresh_token.lifetime",
       Type::duration,
       "How long a user's consent carries, however often it is used.",
       {.fallback = format_duration(server.refresh_token.lifetime)}},
      {at + ".refresh_token.idle",
       Type::duration,
       "How long it carries unused; at most `lifetime`.",
       {.fallback = format_duration(server.refresh_token.idle)}},
      {at + ".refresh_token.grace",
       Type::duration,
       "How long a used refresh token may be sent again, by a client that lost the answer. 0s to 10m.",
       {.fallback = format_duration(server.refresh_token.grace)}},
      {at + ".registration", Type::mapping, "How clients become known."},
      {at + ".registration.dynamic",
       Type::words,
       "open: clients register by themselves. closed: the operator adds them.",
       {.fallback = server.registration.open ? "open" : "closed", .words = {"open", "closed"}}},
      {at + ".registration.redirect_domains",
       Type::texts,
       "Where a client that registers, or that a document describes, may send users back to, or [any]. An entry is a "
       "host, which stands for itself alone; \"*.example.com\" for every host below example.com at any depth, without "
       "example.com itself; or a private-use scheme with its colon, such as \"cursor:\". Clients on the user's machine "
       "need localhost, 127.0.0.1 and \"[::1]\", on any port. Redirect URIs elsewhere are left out of the "
       "registration, which the log says; a client of which none is left is refused.",
       {.fallback = "[any]"}},
      {at + ".registration.metadata_documents",
       Type::truth,
       "true: a client may be named by the https:// URL of a document about it, and may publish its keys at a "
       "jwks_uri; "
       "both are fetched from there.",
       {.fallback = truth(server.registration.metadata_documents)}},
      {at + ".registration.metadata_document_domains",
       Type::texts,
       "The hosts such documents, and the jwks_uri of a client that registers, may be at, or [any]. \"*.example.com\" "
       "stands for every host below example.com.",
       {.fallback = "[any]"}},
  };
}

Rows people() {
  const Identity identity;
  return {
      {"identity", Type::mapping, "How users sign in."},
      {"identity.local",
       Type::truth,
       "Users of the store sign in with their password. false: only those of `providers` do.",
       {.fallback = truth(identity.local)}},
      {"identity.session",
       Type::duration,
       "How long a browser stays signed in, 1s to 30d.",
       {.fallback = format_duration(identity.session)}},
  };
}

Rows tenants() {
  return {
      {"tenants",
       Type::list,
       "Tenants and their members. Where the store names one too, this file wins.",
       {.may_be_empty = true}},
      {"tenants[].handle",
       Type::text,
       "Its short name: lower-case letters, digits and -.",
       {.example = "acme", .required = true}},
      {"tenants[].name", Type::text, "What people read; the handle when absent.", {.example = "Acme Inc."}},
      {"tenants[].plan", Type::text, "What policies call its plan.", {.example = "business"}},
      {"tenants[].members", Type::list, "Who belongs to it.", {.may_be_empty = true}},
      {"tenants[].members[].user", Type::text, "A user's name.", {.example = "alice", .required = true}},
      {"tenants[].members[].role", Type::text, "What policies call the role.", {.example = "admin"}},
      {"tenants_dir",
       Type::text,
       "A folder with one file for each tenant, HANDLE.yaml, with the keys of an entry of `tenants`; `handle` may be "
       "left "
       "away. Read at start.",
       {.example = "tenants", .commented = true}},
  };
}

Rows upstreams() {
  const Upstream upstream;
  const std::string at = "upstreams.*";
  return {
      {"upstreams", Type::named, "The MCP servers behind, by name.", {.example = "tools"}},
      {at + ".urls",
       Type::texts,
       "Where it is, http:// or https://. Several share the load; one that fails is skipped. Or give `command`.",
       {.example = "[http://127.0.0.1:3001/mcp]"}},
      {at + ".transport",
       Type::words,
       "How it is spoken to; sse is the HTTP+SSE transport of 2024-11-05, which then is spoken in front as well: its "
       "clients post to {resource}/messages.",
       {.fallback = "streamable_http", .words = {"streamable_http", "sse"}}},
      {at + ".command",
       Type::texts,
       "Instead of `urls`: a stdio server that the gateway runs, restarts and ends. The program and its arguments, "
       "which no shell reads.",
       {.example = "[npx, -y, \"@modelcontextprotocol/server-everything\"]", .commented = true}},
      {at + ".env",
       Type::text_map,
       "Variables it gets, beside PATH, HOME, LANG and the like; it gets no other of the gateway's own.",
       {.example = "{API_KEY: \"${API_KEY}\"}", .commented = true}},
      {at + ".directory",
       Type::text,
       "Where it runs; this file's folder when absent.",
       {.example = "/srv/tools", .commented = true}},
      {at + ".process",
       Type::words,
       "A process for each session, or one that all users share. A shared one is initialized by the gateway: it can "
       "ask "
       "clients nothing, and what it says reaches them only as answer or progress of a call, as change of a list, or "
       "of "
       "a resource subscribed to. Logs and tasks do not.",
       {.fallback = "session", .words = {"session", "shared"}, .commented = true}},
      {at + ".processes",
       Type::count,
       "Most processes at a time, of which one user has half at most. Beyond that the longest unused session makes "
       "room, "
       "listening or not: one's own, or of whoever has more than the newcomer would. Where nobody has more, it must "
       "have "
       "been unused for 60 s. A session with a call under way never does, and where all have one the answer is 503.",
       {.fallback = std::to_string(upstream.processes), .commented = true}},
      {at + ".log_stderr",
       Type::truth,
       "true: what it writes to its standard error is logged word for word, which may hold arguments and answers of "
       "users. false: the log has the length of each line.",
       {.fallback = truth(upstream.log_stderr), .commented = true}},
      {at + ".tls",
       Type::mapping,
       "How https:// urls are spoken to. The server's certificate is always checked. Files are read again when they "
       "change.",
       {.commented = true}},
      {at + ".tls.ca",
       Type::text,
       "PEM file with the authorities that sign for it, or system: those that the system trusts.",
       {.fallback = "system"}},
      {at + ".tls.certificate",
       Type::text,
       "PEM file with the certificate that the gateway shows, and those above it.",
       {.example = "tls/gateway.pem"}},
      {at + ".tls.key", Type::text, "PEM file with its private key.", {.example = "tls/gateway.key"}},
      {at + ".headers",
       Type::text_map,
       "Headers it gets with every call. {tenant.handle}, {tenant.name}, {tenant.plan}, {user.key}, {user.subject}, "
       "{user.provider}, {user.name}, {user.email}, {role}, {scopes}, {client.id}, {client.name}, {grant.id} and "
       "{resource} are filled in; {user.email|-} gives - where there is none, and without it the call is refused. "
       "Values "
       "that are not ASCII are percent-encoded UTF-8 (Zoë is Zo%C3%AB), and % is %25, except in {resource} and "
       "{client.id}; control characters refuse the call.",
       {.example = "{X-Tenant: \"{tenant.handle}\", X-User: \"{user.email|-}\", X-Scopes: \"{scopes}\"}"}},
      {at + ".credential", Type::mapping, "How the gateway shows itself to the upstream.", {.commented = true}},
      {at + ".credential.bearer",
       Type::text,
       "Sent as Authorization: Bearer. Keep it out of this file.",
       {.example = "\"${UPSTREAM_TOKEN}\"", .required = true}},
      {at + ".timeouts", Type::mapping, "How long the upstream may take."},
      {at + ".timeouts.connect",
       Type::duration,
       "To take the connection.",
       {.fallback = format_duration(upstream.connect_timeout)}},
      {at + ".timeouts.response",
       Type::duration,
       "To begin its answer.",
       {.fallback = format_duration(upstream.response_timeout)}},
      {at + ".timeouts.stream_idle",
       Type::duration,
       "Between two pieces of a streamed answer.",
       {.fallback = format_duration(upstream.stream_idle_timeout)}},
      {at + ".timeouts.session_idle",
       Type::duration,
       "Until a session that nobody uses is ended; for `command` and `transport: sse`.",
       {.fallback = format_duration(upstream.session_idle)}},
      {at + ".connections",
       Type::count,
       "Most connections to one URL, for each worker.",
       {.fallback = std::to_string(upstream.connections)}},
      {at + ".first_check",
       Type::truth,
       "true: after an app was connected its tools are listed once, so that its user sees whether they can be.",
       {.fallback = truth(upstream.first_check)}},
  };
}

Rows resources() {
  return {
      {"resources", Type::list, "The protected MCP addresses that clients connect to.", {.may_be_empty = true}},
      {"resources[].serve",
       Type::text,
       "The address exactly as clients type it. https:// but for loopback names. One label of its host or one segment "
       "of "
       "its path may be {tenant}: the handle of the tenant it is for.",
       {.example = "http://127.0.0.1:8080/mcp", .required = true}},
      {"resources[].upstream",
       Type::text,
       "Who answers: a name under `upstreams`.",
       {.example = "tools", .required = true}},
      {"resources[].policy",
       Type::text,
       "What is allowed: the name inside one of the files of `policies`, or `default`: everything, after one consent.",
       {.example = "everyone", .required = true}},
      {"resources[].authorization_server",
       Type::text,
       "Whose tokens hold: a name under `authorization_servers`; the default one when absent.",
       {.example = "main"}},
      {"resources[].tenant",
       Type::text,
       "The one tenant it belongs to. When absent, and without {tenant}, the user picks one while authorizing.",
       {.example = "acme", .commented = true}},
      {"resources[].root",
       Type::truth,
       "true: its metadata answers at the host's root as well.",
       {.fallback = truth(Resource{}.root)}},
      {"resources[].name",
       Type::text,
       "What people read on the consent page; the upstream's name when absent.",
       {.example = "Tools"}},
      {"resources[].same_as",
       Type::text,
       "`serve` of another entry: this is one more address of it, where its tokens hold and which has all else from "
       "it.",
       {.example = "http://127.0.0.1:8080/mcp", .commented = true}},
      {"resources[].rest",
       Type::truth,
       "true: its tools as plain REST as well, at the root of its host: POST /tools/NAME, /.well-known/openapi.json, "
       "/.well-known/ai-plugin.json and /health.",
       {.fallback = truth(Resource{}.rest)}},
      {"resources[].public_openapi",
       Type::truth,
       "true: whoever has no token gets an OpenAPI document too, with the tools that the policy's default scopes "
       "allow. "
       "For importers that fetch it without one. Needs a tenant that the address tells.",
       {.fallback = truth(Resource{}.public_openapi)}},
      {"resources[].manual_tokens",
       Type::truth,
       "true: tokens made by hand, for clients without OAuth, are held to their tenant by a header X-Tenant.",
       {.fallback = truth(Resource{}.manual_tokens)}},
      {"resources[].denials",
       Type::words,
       "How a request with an id is answered when its token is valid but the policy denies it. jsonrpc: with status "
       "200 and the reason in the JSON-RPC answer, so that clients keep their session and a model reads why. http: "
       "with status 403, which many clients take for the end of their session.",
       {.fallback = "jsonrpc", .words = {"jsonrpc", "http"}}},
      {"origins",
       Type::texts,
       "Origins whose pages may call resources from a browser, beside the gateway's own.",
       {.fallback = "[]", .may_be_empty = true}},
      {"policies",
       Type::texts,
       "Policy files, as seen from this file's folder.",
       {.example = "[policies/everyone.yaml]", .may_be_empty = true}},
  };
}

Rows limits() {
  const Limits l;
  return {
      {"limits", Type::mapping, "What one gateway takes at most. Beyond it, callers get 413, 429, 431 or 503."},
      {"limits.body", Type::size, "The body of one request, 1KiB to 256MiB.", {.fallback = format_size(l.body)}},
      {"limits.body_memory",
       Type::size,
       "Bodies over 16KiB and answers that are read, with all that is made of them, held at once, 1MiB to 64GiB; "
       "beyond "
       "it 503.",
       {.fallback = format_size(l.body_memory)}},
      {"limits.head", Type::size, "The head of one request, 1KiB to 1MiB.", {.fallback = format_size(l.head)}},
      {"limits.connections", Type::count, "Open connections in all.", {.fallback = std::to_string(l.connections)}},
      {"limits.connections_per_address",
       Type::count,
       "Open connections from one address.",
       {.fallback = std::to_string(l.connections_per_address)}},
      {"limits.calls_per_user",
       Type::count,
       "Calls and streams of one user of a tenant under way at once.",
       {.fallback = std::to_string(l.calls_per_user)}},
      {"limits.unused_clients",
       Type::count,
       "Clients that registered themselves and that no user has approved yet, 16 to 1000000. Where there are more, the "
       "oldest of the network that has most gives way, unless a user is just being asked about it.",
       {.fallback = std::to_string(l.unused_clients)}},
      {"limits.header_deadline", Type::duration, "To send the head.", {.fallback = format_duration(l.header_deadline)}},
      {"limits.body_deadline", Type::duration, "To send the body.", {.fallback = format_duration(l.body_deadline)}},
      {"limits.handshake_deadline",
       Type::duration,
       "To complete the TLS handshake.",
       {.fallback = format_duration(l.handshake_deadline)}},
      {"limits.write_deadline",
       Type::duration,
       "To take what is written to them.",
       {.fallback = format_duration(l.write_deadline)}},
      {"limits.idle",
       Type::duration,
       "How long a connection may wait between requests. Keep it longer than a proxy or load balancer in front keeps "
       "unused connections, or now and then one is closed here just as a request comes in, and its client gets a 502: "
       "75s suits the 60s of nginx and AWS ALB; Google Cloud's load balancers keep theirs for 600s and need 620s.",
       {.fallback = format_duration(l.idle)}},
      {"limits.stream_keepalive",
       Type::duration,
       "How often a silent stream gets a comment, so that no proxy cuts it.",
       {.fallback = format_duration(l.stream_keepalive)}},
      {"limits.rate", Type::mapping,
       "How often, as 50/s, 30/m or 5/h; with a burst behind it: 50/s burst 100. A rate of "
       "one network is that of an IPv4 address or an IPv6 /64; an IPv4 /24 and an IPv6 /48 get 8 times as much in all, "
       "an IPv6 /32 32 times."},
      {"limits.rate.call",
       Type::rate,
       "HTTP requests that one user of a tenant sends to resources: calls, notifications and streams. A request beyond "
       "the rate waits if its turn comes within a second; otherwise it gets a 429 at once. A client that begins a "
       "session for "
       "each call sends five requests for it.",
       {.fallback = format_rate(l.call)}},
      {"limits.rate.token",
       Type::rate,
       "Requests to the token, revocation and introspection endpoints from one network.",
       {.fallback = format_rate(l.token)}},
      {"limits.rate.register",
       Type::rate,
       "Registrations of clients, and fetches of their documents, from one network.",
       {.fallback = format_rate(l.register_)}},
      {"limits.rate.sign_in",
       Type::rate,
       "Attempts to sign in, good ones too, from one network; an office behind one address may need more.",
       {.fallback = format_rate(l.sign_in)}},
      {"limits.rate.authorize",
       Type::rate,
       "Requests to the authorization endpoint from one network, pages of consent among them; one sign-in takes about "
       "four.",
       {.fallback = format_rate(l.authorize)}},
  };
}

Rows fetch() {
  return {
      {"fetch", Type::mapping, "How documents are fetched whose address a stranger chose: those of clients."},
      {"fetch.ca",
       Type::text,
       "PEM file with the authorities that sign for their hosts, or system: those that the system trusts.",
       {.fallback = "system"}},
      {"fetch.unsafe_allow_private",
       Type::texts,
       "Networks and host names that may be asked although they are not on the public internet. Whoever can reach the "
       "gateway can then make it ask there.",
       {.fallback = "[]", .may_be_empty = true}},
      {"fetch.unsafe_connect_to",
       Type::text_map,
       "Hosts that are asked at an address and port of yours, whatever their names lead to; their certificates must "
       "still be theirs. For mirrors and tests.",
       {.example = "{documents.example.test: \"192.0.2.1:8443\"}", .commented = true}},
  };
}

Rows log() {
  return {
      {"log", Type::mapping, "What the gateway writes down. No token and no password is ever in it."},
      {"log.level",
       Type::words,
       "The least weight of what is written.",
       {.fallback = "info", .words = {"debug", "info", "warning", "error"}}},
      {"log.file",
       Type::text,
       "Where to; standard error when absent.",
       {.example = "/var/log/postern/postern.log", .commented = true}},
      {"log.audit",
       Type::text,
       "Where the lines about calls go; the same place when absent.",
       {.example = "/var/log/postern/audit.log", .commented = true}},
      {"workers",
       Type::count,
       "Threads that serve connections; 0: one for each core.",
       {.fallback = std::to_string(Config{}.workers)}},
  };
}

}  // namespace

std::vector<Row> describe() {
  Rows all;
  for (auto* section : {&listen, &authorization_servers, &describe_external, &people, &describe_providers, &tenants,
                        &upstreams, &resources, &limits, &fetch, &log}) {
    auto rows = section();
    std::move(rows.begin(), rows.end(), std::back_inserter(all));
  }
  return all;
}

}  // namespace postern::config
