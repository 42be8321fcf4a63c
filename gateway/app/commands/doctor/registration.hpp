#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/commands/doctor/walk.hpp"

namespace postern::app::doctor {

// A client as the authorization server knows it now.
struct Registered {
  std::string client_id;
  std::string client_secret{};  // empty: a public client
  std::string auth_method{};
  std::vector<std::string> redirect_uris{};
};

// RFC 7591 section 3.1: with what the server says it takes. Pure.
nlohmann::json registration_request(const nlohmann::json& server, const std::string& name,
                                    const std::vector<std::string>& redirect_uris);
// RFC 7591 section 3.2.1: all that was asked for, or the sentence why not. Pure.
Result<Registered> read_registration(const Answer& answer, const std::vector<std::string>& redirect_uris);

// Registers; needs walk.server.
Result<Registered> register_client(Walk& walk, const std::string& name, const std::vector<std::string>& redirect_uris);

// What to ask for when nothing else is known: the challenge's scopes, else those of the metadata.
std::string default_scopes(const Walk& walk);

// Sends that client's first request to the authorization endpoint, as a browser would, and looks whether it is taken:
// a server that does not know the resource says `invalid_target` here and nowhere before, by a redirect to the client
// or on a page of its own. nullopt: it is taken.
std::optional<Finding> try_authorization(Walk& walk, const Registered& client);

}  // namespace postern::app::doctor
