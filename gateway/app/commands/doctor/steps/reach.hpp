#pragma once

#include <string>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "app/commands/doctor/walk.hpp"

namespace postern::app::doctor {

// Whether a client that calls from its maker's servers can reach the hosts that it calls: those of the resource and of
// the authorization server, of which the browser asks the authorization endpoint alone. An address that is not one of
// the public internet (RFC 6890) is a fault only where this client was asked for by name and calls from nowhere else:
// other deployments may well be private.
Finding check_reach(Walk& walk, const Client& client);

// Whether that is worth a step: not for a client that calls from the machine of its user, and not where a loopback
// address was typed. Such a run is a rehearsal on one machine, and the verdict says so.
bool reach_matters(const Walk& walk, const Client& client);

// Pure: "ai.example.test is at 10.0.0.7 (private)", for every address that is not public; empty when all are.
std::string special_addresses(const std::string& host, const std::vector<boost::asio::ip::address>& addresses);

}  // namespace postern::app::doctor
