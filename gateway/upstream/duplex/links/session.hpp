#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "http/message.hpp"
#include "mcp/jsonrpc.hpp"
#include "net/stream.hpp"
#include "upstream/duplex/links/answer_pipe.hpp"

namespace postern::upstream {

class Link;

// One HTTP request of a client, as values: it travels from a worker's thread to the hub's.
struct Call {
  std::string method;  // POST, GET, DELETE
  std::string session;
  std::string caller;  // who it is, as an opaque key: callers share nothing
  std::string user;    // on whose behalf, as an opaque key: one may hold so much only, as however many callers
  std::string body;
  http::Headers headers;  // what a server behind over HTTP gets
  bool streams = false;   // the client takes text/event-stream
  bool modern = false;    // by its MCP-Protocol-Version
  nlohmann::json id;      // of its request, once it was read
  std::shared_ptr<AnswerPipe> pipe;
};

// A client's message, parsed and as text. The server gets the text, in which only ids and progress tokens are replaced.
struct ClientMessage {
  mcp::Message read;
  std::string text;
};

// A JSON-RPC request that a server behind has not answered yet. Hub's thread only, like all that follows.
struct Waiting {
  std::string session;  // empty in the modern era
  std::string user;
  nlohmann::json id;  // the client's; the server sees a number of ours
  std::string token;  // the client's progressToken as JSON text, as it was sent; empty: none
  std::string method;
  std::string uri;                   // of resources/subscribe, where several share a server
  std::string version;               // of initialize, there too: the revision asked for, where it is known
  std::shared_ptr<AnswerPipe> pipe;  // nullptr: the client has left, or gets its answers on another stream
  bool streams = false;
  bool modern = false;
  bool begun = false;  // as a stream of events
  net::SteadyTime since{};
  net::SteadyTime last{};  // something came for it

  // One message on its stream, which begins with it if need be.
  void emit(const std::string& event);
  // Its last message, JSON text: as it is, or on the stream that has begun.
  void answer(std::string message, const std::string& new_session);
  // No answer will come.
  void give_up(const Error& why);
};

// A client's session (MCP 2025-11-25 transports, "Session management"), known by a random id of ours.
struct Session {
  std::string id;
  std::string user;
  std::shared_ptr<Link> link;
  http::Headers headers;                  // of the request that opened it
  std::shared_ptr<AnswerPipe> listening;  // its GET stream
  bool old_style = false;                 // of 2024-11-05: everything comes on that stream, and it ends with it
  std::set<std::string> asked;            // requests of the server it was given, by their id as JSON
  std::size_t calls = 0;                  // under way; the link counts them
  net::SteadyTime last_used{};

  // On the GET stream, or kept for it until it comes: a bounded number of events, the oldest go first.
  void deliver(std::string event);
  // The same for one that says nothing new while the same waits already.
  void deliver_once(std::string event);
  void listen(std::shared_ptr<AnswerPipe> pipe);

 private:
  std::deque<std::string> backlog_;
  std::size_t kept_ = 0;
};

// A message as an event of the stream (WHATWG HTML section 9.2). It must be on one line.
std::string event_of(std::string_view message);

}  // namespace postern::upstream
