#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "unit/net/support.hpp"
#include "upstream/duplex/links/link.hpp"

namespace postern::upstream {

using namespace net_testing;

// Keeps what is sent to the server.
class RecordingChannel final : public MessageChannel {
 public:
  void send(std::string message, const http::Headers&, Sent sent_to) override {
    sent.push_back(std::move(message));
    sent_to(Result<void>());
  }
  void close() override {}
  void kill() override {}

  std::vector<std::string> sent;
};

// Keeps events with all of their fields, as text.
class EventLog final : public telemetry::Log {
 public:
  bool enabled(telemetry::Level) const noexcept override { return true; }
  void write(telemetry::Level, std::string_view event, std::span<const telemetry::Field> fields) override {
    auto& line = lines.emplace_back(event);
    for (const auto& field : fields) {
      line.append(" ").append(field.key).append("=");
      if (const auto* text = std::get_if<std::string_view>(&field.value)) line += *text;
      if (const auto* number = std::get_if<std::int64_t>(&field.value)) line += std::to_string(*number);
    }
  }
  void audit(std::string_view, std::span<const telemetry::Field>) override {}

  std::vector<std::string> lines;
};

// A link to a server that the test speaks for, with a session of alice's. Its first request gets the number 1.
struct Conversation {
  using Pipe = std::shared_ptr<AnswerPipe>;

  explicit Conversation(bool shared = false)
      : link(std::make_shared<Link>("behind", shared, LinkLimits{10s, 10s}, log)),
        events(link->events([](const Error&) {})) {
    link->attach(channel);
    session = join("alice");
  }
  // A link and its sessions keep each other alive until it is closed.
  ~Conversation() { events.closed(fail(Errc::closed, "the test is over")); }
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  std::shared_ptr<Session> join(const std::string& user) {
    auto made = std::make_shared<Session>();
    made->id = "session of " + user;
    made->user = user;
    made->link = link;
    link->join(made);
    return made;
  }
  Pipe pipe() { return std::make_shared<AnswerPipe>(waker, budget, "alice"); }

  // A request of that session's client; without one it is a client of the modern era.
  Pipe request(const std::string& text, const std::shared_ptr<Session>& of, bool streams = true) {
    Waiting waiting;
    waiting.session = of ? of->id : "";
    waiting.user = of ? of->user : "modern";
    waiting.modern = !of;
    waiting.streams = streams;
    waiting.pipe = pipe();
    auto answer = waiting.pipe;
    auto read = must_read(text);
    if (read.method == "initialize") {
      link->initialize(std::move(waiting), {std::move(read), text}, {});
    } else {
      link->request(std::move(waiting), {std::move(read), text}, {});
    }
    return answer;
  }
  Pipe request(const std::string& text) { return request(text, session); }
  // A call with that id, as JSON.
  Pipe call(const std::string& id) {
    return request(R"({"jsonrpc":"2.0","id":)" + id + R"(,"method":"tools/call","params":{"name":"x"}})");
  }
  // A notification or an answer of alice's client.
  void tell(const std::string& text) {
    link->tell(*session, {must_read(text), text}, {}, [](const Result<void>&) {});
  }
  // The server says something.
  void say(const std::string& line) { events.message(line); }
  void say_too_long(const std::string& beginning) { events.too_long(beginning); }

  // All that has come and was not read yet.
  static std::string heard(const Pipe& from) {
    std::string all;
    for (auto bytes = must(from->take()); !bytes.empty(); bytes = must(from->take())) all += bytes;
    return all;
  }
  std::string last_sent() const { return channel->sent.empty() ? "" : channel->sent.back(); }

  static mcp::Message must_read(const std::string& text) {
    auto read = mcp::read_message(text);
    if (!read) throw std::runtime_error(read.error().reason);
    return std::move(*read);
  }
  static std::string event(const std::string& data) { return "event: message\ndata: " + data + "\n\n"; }

  EventLog log;
  asio::io_context io{1};
  std::shared_ptr<Waker> waker = std::make_shared<Waker>(io);
  std::shared_ptr<AnswerBudget> budget = std::make_shared<AnswerBudget>(1024 * 1024, 1024 * 1024);
  std::shared_ptr<RecordingChannel> channel = std::make_shared<RecordingChannel>();
  std::shared_ptr<Link> link;
  ChannelEvents events;
  std::shared_ptr<Session> session;
};

class LinkTest : public testing::Test, protected Conversation {};

class SharedLinkTest : public testing::Test, protected Conversation {
 protected:
  SharedLinkTest() : Conversation(true) {}
};

}  // namespace postern::upstream
