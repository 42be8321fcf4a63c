#include "upstream/duplex/duplex_server.hpp"

#include <utility>

#include "crypto/random.hpp"
#include "upstream/duplex/progress_token.hpp"

namespace postern::upstream {

namespace {

// What the official SDKs answer, so that clients understand it.
constexpr int kBadRequest = -32000;
constexpr int kNoSession = -32001;
constexpr int kInvalidParams = -32602;

void refuse(AnswerPipe& pipe, int status, int code, std::string_view why, const nlohmann::json& id = nullptr) {
  pipe.answer({.status = status, .type = "application/json"}, mcp::error_body(id, code, why));
}

void refuse_session(AnswerPipe& pipe) { refuse(pipe, 404, kNoSession, "Session not found"); }

void accept(AnswerPipe& pipe) { pipe.answer({.status = 202}, {}); }

Waiting waiting_for(const Call& call, std::string session) {
  Waiting waiting;
  waiting.session = std::move(session);
  waiting.user = call.user;
  waiting.pipe = call.pipe;
  waiting.streams = call.streams;
  return waiting;
}

}  // namespace

DuplexServer::DuplexServer(boost::asio::any_io_executor executor, DuplexOptions options, telemetry::Log& log)
    : executor_(std::move(executor)), options_(std::move(options)), log_(log), timer_(executor_) {}

DuplexServer::SessionPtr DuplexServer::find(const std::string& id) const {
  const auto at = sessions_.find(id);
  return at == sessions_.end() ? nullptr : at->second;
}

void DuplexServer::handle(Call call) {
  if (call.pipe->abandoned()) return;
  if (closing_) {
    call.pipe->fail(fail(Errc::unavailable, "the gateway is ending"));
  } else if (call.method == "POST") {
    post(std::move(call));
  } else if (call.modern) {
    // MCP 2026-07-28 transports: there are no streams and sessions beside the requests themselves.
    call.pipe->answer({.status = 405, .allow = "POST"}, {});
  } else if (call.method == "DELETE") {
    end_by_client(call);
  } else if (call.session.empty() && !is_program()) {
    open_old_style(std::move(call));
  } else {
    listen(call);
  }
}

void DuplexServer::listen(Call& call) {
  const auto session = find(call.session);
  if (call.session.empty()) {
    refuse(*call.pipe, 400, kBadRequest, "Bad Request: Mcp-Session-Id header is required");
  } else if (!session) {
    refuse_session(*call.pipe);
  } else if (session->old_style) {
    refuse(*call.pipe, 409, kBadRequest, "Conflict: the stream of this session is open");
  } else {
    session->last_used = std::chrono::steady_clock::now();
    session->listen(std::move(call.pipe));
  }
}

void DuplexServer::end_by_client(Call& call) {
  if (call.session.empty()) {
    refuse(*call.pipe, 400, kBadRequest, "Bad Request: Mcp-Session-Id header is required");
  } else if (!find(call.session)) {
    refuse_session(*call.pipe);
  } else {
    end_session(call.session, fail(Errc::closed, "the session was ended by the client"));
    call.pipe->answer({.status = 200}, {});
  }
}

void DuplexServer::post(Call call) {
  auto message = mcp::read_message(call.body);
  if (!message) {
    refuse(*call.pipe, 400, message.error().code, message.error().reason, message.error().id);
    return;
  }
  call.id = message->id;
  if (const auto fault = fault_of_progress_token(call.body)) {
    refuse(*call.pipe, 400, kInvalidParams, *fault, message->id);
    return;
  }
  if (call.modern || message->meta_version) {
    post_modern(std::move(call), std::move(*message));
  } else if (const auto session = find(call.session)) {
    post_in_session(call, session, std::move(*message));
  } else if (!call.session.empty()) {
    refuse_session(*call.pipe);
  } else if (message->kind == mcp::MessageKind::request && message->method == "initialize") {
    open_session(std::move(call), std::move(*message));
  } else {
    // Without the request's id, because this is about the session and does not answer the request (is_about_session()).
    refuse(*call.pipe, 400, kBadRequest, "Bad Request: Mcp-Session-Id header is required");
  }
}

void DuplexServer::post_in_session(Call& call, const SessionPtr& session, mcp::Message message) {
  session->last_used = std::chrono::steady_clock::now();
  const auto link = session->link;
  if (message.kind != mcp::MessageKind::request) {
    link->tell(*session, {std::move(message), std::move(call.body)}, call.headers,
               [pipe = call.pipe](const Result<void>& sent) {
                 if (sent) {
                   accept(*pipe);
                 } else {
                   pipe->fail(sent.error());
                 }
               });
    return;
  }
  auto waiting = waiting_for(call, session->id);
  if (session->old_style) {
    // MCP 2024-11-05 transports, "HTTP with SSE": the POST is accepted, the answer comes on the stream.
    waiting.pipe.reset();
    accept(*call.pipe);
  }
  if (message.method == "initialize") {
    waiting.streams = false;
    if (!session->old_style) {
      refuse(*call.pipe, 400, -32600, "Invalid Request: Server already initialized", message.id);
    } else {
      link->initialize(std::move(waiting), {std::move(message), std::move(call.body)}, call.headers);
    }
    return;
  }
  link->request(std::move(waiting), {std::move(message), std::move(call.body)}, call.headers);
}

void DuplexServer::open_session(Call call, mcp::Message message) {
  if (options_.shared && !make_session_room(call)) return;
  std::shared_ptr<Link> own;
  const auto link = link_for(options_.shared ? shared_ : own, call);
  if (!link) return;
  const auto session = add_session(call, link);
  auto waiting = waiting_for(call, session->id);
  // As one piece: only a session that was opened has an id to show.
  waiting.streams = false;
  link->initialize(std::move(waiting), {std::move(message), std::move(call.body)}, call.headers);
}

// MCP 2024-11-05 transports, "HTTP with SSE": the stream is the session.
void DuplexServer::open_old_style(Call call) {
  std::shared_ptr<Link> own;
  const auto link = link_for(own, call);
  if (!link) return;
  const auto session = add_session(call, link);
  session->old_style = true;
  session->listening = call.pipe;
  link->on_opened([session] { session->listening->begin({.type = "text/event-stream", .session = session->id}); });
}

void DuplexServer::post_modern(Call call, mcp::Message message) {
  if (!is_program()) {
    refuse(*call.pipe, 400, kBadRequest, "Bad Request: this server speaks revisions of MCP with sessions only",
           message.id);
    return;
  }
  if (message.kind != mcp::MessageKind::request) {
    accept(*call.pipe);  // nothing that a client may tell without a session concerns the server
    return;
  }
  const auto caller = call.caller;
  const auto link = link_for(options_.shared ? shared_ : modern_[caller], call);
  if (!link) {
    modern_.erase(caller);
    return;
  }
  auto waiting = waiting_for(call, {});
  waiting.modern = true;
  link->request(std::move(waiting), {std::move(message), std::move(call.body)}, call.headers);
}

DuplexServer::SessionPtr DuplexServer::add_session(const Call& call, const std::shared_ptr<Link>& link) {
  auto session = std::make_shared<Session>();
  session->id = crypto::random_token();
  session->link = link;
  session->user = call.user;
  session->headers = call.headers;
  session->last_used = std::chrono::steady_clock::now();
  sessions_[session->id] = session;
  of_user_[session->user].insert(session);
  link->join(session);
  return session;
}

void DuplexServer::deliver(AnswerPipe& pipe, const std::string& session, const std::string& message) {
  const auto used = find(session);
  if (!used) {
    refuse_session(pipe);
    return;
  }
  used->last_used = std::chrono::steady_clock::now();
  used->deliver(event_of(message));
  accept(pipe);
}

void DuplexServer::left(const std::string& session, const std::shared_ptr<AnswerPipe>& pipe) {
  const auto used = session.empty() ? session_of_stream(pipe) : find(session);
  if (used && used->listening == pipe) {
    used->listening.reset();
    if (used->old_style) end_session(std::string(used->id), fail(Errc::closed, "the client has closed its stream"));
    return;
  }
  const auto gone = [this](Link& link, const std::shared_ptr<AnswerPipe>& of) {
    const auto opening = link.left(of);
    if (opening) end_session(*opening, fail(Errc::closed, "the client has gone"));
  };
  if (used) {
    gone(*used->link, pipe);
    return;
  }
  const auto links = links_;
  for (const auto& running : links) gone(*running.link, pipe);
}

// Streams of 2024-11-05 are opened without an id.
DuplexServer::SessionPtr DuplexServer::session_of_stream(const std::shared_ptr<AnswerPipe>& pipe) const {
  if (is_program()) return nullptr;
  for (const auto& [id, session] : sessions_) {
    if (session->listening == pipe) return session;
  }
  return nullptr;
}

}  // namespace postern::upstream
