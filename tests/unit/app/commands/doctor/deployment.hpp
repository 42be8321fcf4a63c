#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/commands/doctor/walk.hpp"

namespace postern::app::doctor {

inline constexpr auto* kUrl = "https://ai.example.test/mcp";
inline constexpr auto* kOrigin = "https://ai.example.test";
inline constexpr auto* kPage = "http://localhost:6274";

inline Answer json_answer(int status, const nlohmann::json& body) {
  return {.status = status, .fields = {{"Content-Type", "application/json"}}, .body = body.dump()};
}

inline Answer page(int status = 200) {
  return {.status = status, .fields = {{"Content-Type", "text/html; charset=utf-8"}}, .body = "<!doctype html><p>Hi"};
}

inline Answer redirect(const std::string& to) { return {.status = 307, .fields = {{"Location", to}}}; }

// What stands at each address, "METHOD URL": in good order until a test breaks one thing. Everything else is a 404.
class Deployment final : public Prober {
 public:
  Deployment() {
    at["POST https://ai.example.test/mcp"] = challenge(metadata_url());
    at["POST https://ai.example.test/mcp/"] = challenge(metadata_url());
    at["GET https://ai.example.test/mcp"] = challenge(metadata_url());
    const auto metadata = json_answer(200, resource());
    at["GET " + metadata_url()] = metadata;
    at["GET https://ai.example.test/.well-known/oauth-protected-resource"] = metadata;
    put_server(server());
    at["GET https://ai.example.test/oauth/authorize"] = page(400);
    at["POST https://ai.example.test/oauth/token"] = json_answer(401, {{"error", "invalid_client"}});
    at["POST https://ai.example.test/oauth/register"] = json_answer(400, {{"error", "invalid_client_metadata"}});
    for (const auto* path : {"/mcp", "/.well-known/oauth-protected-resource/mcp",
                             "/.well-known/oauth-authorization-server", "/oauth/token", "/oauth/register"}) {
      at["OPTIONS " + std::string(kOrigin) + path] = preflight();
    }
  }

  static std::string metadata_url() { return std::string(kOrigin) + "/.well-known/oauth-protected-resource/mcp"; }
  static nlohmann::json resource() {
    return {{"resource", kUrl}, {"authorization_servers", {kOrigin}}, {"scopes_supported", {"mcp:use"}}};
  }
  static nlohmann::json server() {
    const std::string origin = kOrigin;
    return {{"issuer", origin},
            {"authorization_endpoint", origin + "/oauth/authorize"},
            {"token_endpoint", origin + "/oauth/token"},
            {"registration_endpoint", origin + "/oauth/register"},
            {"code_challenge_methods_supported", {"S256"}},
            {"token_endpoint_auth_methods_supported", {"none", "private_key_jwt"}},
            {"client_id_metadata_document_supported", true}};
  }
  static Answer challenge(const std::string& metadata) {
    auto answer = json_answer(401, {{"error", "missing_bearer_token"}});
    answer.fields.emplace_back("WWW-Authenticate",
                               "Bearer resource_metadata=\"" + metadata + "\", scope=\"mcp:use mcp:read\"");
    answer.fields.emplace_back("Access-Control-Allow-Origin", "*");
    answer.fields.emplace_back("Access-Control-Expose-Headers", "Mcp-Session-Id, WWW-Authenticate");
    return answer;
  }
  static Answer preflight() {
    return {.status = 204,
            .fields = {
                {"Access-Control-Allow-Origin", kPage},
                {"Access-Control-Allow-Headers", "Authorization, Content-Type, MCP-Protocol-Version, Mcp-Session-Id"}}};
  }

  // The same document in both places where clients look.
  void put_server(const nlohmann::json& document) {
    for (const auto* name : {"oauth-authorization-server", "openid-configuration"}) {
      at["GET https://ai.example.test/.well-known/" + std::string(name)] = json_answer(200, document);
    }
  }
  void change_server(const nlohmann::json& patch) {
    auto document = server();
    document.merge_patch(patch);
    put_server(document);
  }
  void change_resource(const nlohmann::json& patch) {
    auto document = resource();
    document.merge_patch(patch);
    at["GET " + metadata_url()] = json_answer(200, document);
    at["GET https://ai.example.test/.well-known/oauth-protected-resource"] = json_answer(200, document);
  }

  Answer ask(const Ask& ask) override {
    asked.push_back(ask.method + " " + ask.url);
    bodies.push_back(ask.body);
    const auto signed_one = with_token.find(asked.back());
    if (signed_one != with_token.end() && ask.headers.get("Authorization")) return signed_one->second;
    const auto found = at.find(asked.back());
    return found != at.end() ? found->second : json_answer(404, {{"error", "not_found"}});
  }

  // Every name leads to a public address until a test says otherwise.
  Result<std::vector<boost::asio::ip::address>> addresses_of(const std::string& host) override {
    const auto found = leads_to.find(host);
    std::vector<boost::asio::ip::address> addresses;
    if (found == leads_to.end()) addresses.push_back(boost::asio::ip::make_address("8.8.8.8"));
    for (const auto& text : found == leads_to.end() ? std::vector<std::string>() : found->second) {
      addresses.push_back(boost::asio::ip::make_address(text));
    }
    return addresses;
  }

  std::map<std::string, std::vector<std::string>> leads_to;
  std::map<std::string, Answer> at;
  std::map<std::string, Answer> with_token;  // what stands there for whoever has one, where that is another
  std::vector<std::string> asked;
  std::vector<std::string> bodies;
};

inline Walk walk_of(Deployment& deployment, const std::string& typed = kUrl) {
  return Walk{.prober = deployment, .typed = typed, .url = http::parse_url(typed).value()};
}

inline Diagnosis diagnosis_of(Deployment& deployment, const std::string& typed = kUrl) {
  auto walk = walk_of(deployment, typed);
  return diagnose(walk, all_clients(), false);
}

// The finding of one step; of a client's with "step/client".
inline Finding finding_of(const Diagnosis& diagnosis, const std::string& step) {
  for (const auto* list : {&diagnosis.lines, &diagnosis.rest}) {
    for (const auto& line : *list) {
      const auto client = line.client == nullptr ? "" : "/" + std::string(line.client->name);
      if (std::string(line.id) + client == step) return line.finding;
    }
  }
  return {.fault = "no such step"};
}

}  // namespace postern::app::doctor
