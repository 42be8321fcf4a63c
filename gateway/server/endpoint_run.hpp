#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.hpp"
#include "idp/password_check.hpp"
#include "net/stream.hpp"
#include "oauth/foreign_documents.hpp"
#include "runtime/generation.hpp"
#include "runtime/router.hpp"
#include "runtime/services.hpp"

// Endpoints and pages are plain functions that block on the store. Here one of them is run, where it may.
namespace postern::server {

// One request while its endpoint is run, again and again as it turns out what it needs. What it notes for its caller it
// receives when it is run again.
struct EndpointRun {
  EndpointRun(runtime::Services& all, runtime::Route to, http::Request what,
              std::shared_ptr<const runtime::Generation> pinned, std::shared_ptr<std::vector<std::string>> checks,
              std::shared_ptr<telemetry::Log> lines);

  runtime::Services& services;
  const runtime::Route route;
  const http::Request request;
  const std::shared_ptr<const runtime::Generation> generation;
  const std::shared_ptr<std::vector<std::string>> tool_checks;
  const std::shared_ptr<telemetry::Log> log;
  oauth::ForeignDocuments documents;
  idp::PasswordCheck password;
};

// Of one run. When a write was wanted where none may be made, the response does not count.
struct Attempt {
  http::Response response;
  bool wants_write = false;
};

// Runs the endpoint once: on the calling worker where the configuration alone makes the answer, else on a pool of the
// store. Without `may_write` it stops at its first write. Errors: as of read_store() and write_store().
net::awaitable<Result<Attempt>> attempt(std::shared_ptr<EndpointRun> run, bool may_write);

// A page for what people open in a browser, else the JSON of an error.
http::Response page_or_json(const runtime::Route& route, int status, std::string_view error, const std::string& title,
                            const std::string& text, const std::string& id);
// 503 where the error is that of a store or a pool that is away or full; otherwise a 500 that the log explains.
http::Response could_not_be_run(const Error& error, const runtime::Route& route, telemetry::Log& log,
                                const std::string& id);

}  // namespace postern::server
