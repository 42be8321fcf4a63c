#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "app/commands.hpp"
#include "app/commands/doctor/options.hpp"
#include "app/commands/doctor/report.hpp"
#include "base/strings.hpp"
#include "config/forms.hpp"

namespace postern::app {
namespace {

using namespace doctor;

int say_usage(Console& console, const std::string& sentence) {
  say_error(console, sentence);
  return kUsage;
}

bool is_terminal(const Console& console) {
  return &console.out == &std::cout && ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
}

// `-` is read from standard input, where nobody who lists processes sees it.
std::string token_of(const DoctorOptions& options, Console& console) {
  if (options.token != "-") return options.token;
  std::string line;
  std::getline(console.in, line);
  return std::string(trim(line.ends_with('\r') ? line.substr(0, line.size() - 1) : line));
}

std::string names_of(std::span<const Client> clients) {
  std::string names;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    names += (i == 0 ? "" : i + 1 == clients.size() ? " and " : ", ") + std::string(clients[i].title);
  }
  return names;
}

void print_verdict(Console& console, const Diagnosis& diagnosis, std::span<const Client> clients, const Walk& walk) {
  std::size_t faults = 0;
  for (const auto* list : {&diagnosis.lines, &diagnosis.rest}) {
    for (const auto& line : *list) faults += line.finding.state == State::failed ? 1U : 0U;
  }
  if (faults > 0) {
    console.out << '\n'
                << faults << (faults == 1 ? " fault" : " faults")
                << "; mend the first one first: others may come of it\n";
    return;
  }
  if (diagnosis.lines.empty()) return;
  console.out << "\nNothing is in the way of " << names_of(clients) << ".\n";
  if (walk.url.is_loopback()) {
    console.out
        << "This address is of this machine alone: clients that run elsewhere, as ChatGPT does, cannot reach it.\n";
  } else if (std::ranges::any_of(diagnosis.lines, [](const Line& line) { return line.finding.fault == "address"; })) {
    console.out << "Clients that call from their maker's servers, as ChatGPT does, cannot reach this deployment.\n";
  }
  if (walk.token.empty()) {
    console.out << "Whether the server behind answers is seen with a token alone: --token - reads one.\n";
  }
}

}  // namespace

int doctor_command(const DoctorOptions& options, Console& console) {
  const auto url = typed_url(options.url, options.insecure_http);
  if (!url) return say_usage(console, url.error().what);
  const Client* client = options.client.empty() ? nullptr : find_client(options.client);
  if (client == nullptr && !options.client.empty()) return say_usage(console, "--client: there is no such client");
  const auto token = token_of(options, console);
  if (!options.token.empty() && (token.empty() || !is_bearer(token))) {
    return say_usage(console, "--token: this cannot be a bearer token");
  }
  if (!options.tenant.empty() && !config::is_handle(options.tenant)) {
    return say_usage(console, "--tenant: `" + options.tenant + "` cannot be the handle of a tenant");
  }
  auto prober = make_prober({.authorities = options.ca, .plain_http = options.insecure_http});
  if (!prober) return say_error(console, "--ca: " + prober.error().what);
  warn_of_plain_http(console, *url);

  Walk walk{.prober = **prober,
            .typed = options.url,
            .url = *url,
            .wanted_issuer = options.issuer,
            .token = token,
            .tenant = options.tenant,
            .named_client = client != nullptr};
  const auto clients = client != nullptr ? std::span(client, 1) : all_clients();
  const auto diagnosis = diagnose(walk, clients, options.rest);
  if (console.json) {
    print_json(console, {{"url", options.url}, {"well", diagnosis.is_well()}, {"steps", to_json(diagnosis, token)}});
  } else {
    print(console.out, diagnosis, {.colours = is_terminal(console), .secret = token});
    print_verdict(console, diagnosis, clients, walk);
  }
  return diagnosis.is_well() ? kDone : kNo;
}

}  // namespace postern::app
