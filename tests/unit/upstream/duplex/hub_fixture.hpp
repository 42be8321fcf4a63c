#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "unit/net/support.hpp"
#include "upstream/duplex/hub.hpp"

namespace postern::upstream {

using namespace net_testing;

// Answers requests, and by their method says something by itself, stays silent, or ends. What it is told of, it writes
// to its standard error.
inline constexpr auto* kServer = R"(
while IFS= read -r line; do
  id=$(printf '%s' "$line" | sed -n 's/^{"jsonrpc":"2.0","id":\([0-9]*\),.*/\1/p')
  result="{\"pid\":$$}"
  case "$line" in
    *'"method":"initialize"'*)
      printf '%s\n' "$line" >&2
      result='{"protocolVersion":"2025-06-18","capabilities":{"logging":{},"tasks":{}}}' ;;
    *'"method":"prompts/list"'*) exit 3 ;;
    *'"method":"resources/list"'*) continue ;;
    *'"method":"tools/list"'*)
      printf '{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"secret"}}\n'
      printf '{"jsonrpc":"2.0","method":"notifications/resources/updated","params":{"uri":"x://one"}}\n'
      printf '{"jsonrpc":"2.0","method":"notifications/tools/list_changed","params":{"note":"secret"}}\n' ;;
    *'"method":"ping"'*) printf '{"jsonrpc":"2.0","id":"q","method":"roots/list"}\n' ;;
    *'"id":"q"'*|*'scribe"'*|*'"method":"notifications/'*|*'"method":"prompts/get"'*) printf '%s\n' "$line" >&2 ;;
  esac
  [ -n "$id" ] && printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$result"
done)";

// Keeps the lines that servers wrote to their standard error.
class LineLog final : public telemetry::Log {
 public:
  bool enabled(telemetry::Level) const noexcept override { return true; }
  void write(telemetry::Level, std::string_view event, std::span<const telemetry::Field> fields) override {
    if (event != "upstream_stderr") return;
    for (const auto& field : fields) {
      if (field.key != "line") continue;
      const std::lock_guard lock(mutex_);
      lines_.emplace_back(std::get<std::string_view>(field.value));
    }
  }
  void audit(std::string_view, std::span<const telemetry::Field>) override {}

  // Those that hold that text.
  std::vector<std::string> lines(std::string_view with) const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& line : lines_) {
      if (line.find(with) != std::string::npos) out.push_back(line);
    }
    return out;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

// A hub with one server, and clients of it.
class Hub : public testing::Test {
 protected:
  Hub() {
    options.name = "behind";
    options.child = {{"sh", "-c", kServer}, {}, "/", true};
  }

  struct Answer {
    int status = 0;
    std::string session;
    std::string body;
    int retry_after = 0;
  };

  static Request request(std::string method, std::string session, std::string body = {}, bool streams = true) {
    Request out;
    out.method = std::move(method);
    out.body = std::move(body);
    out.caller = out.user = "alice";
    out.headers.set("Accept", streams ? "application/json, text/event-stream" : "application/json");
    if (!session.empty()) out.headers.set("Mcp-Session-Id", session);
    return out;
  }
  static std::string call(const std::string& method, int id = 1, const std::string& params = "{}") {
    return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":")" + method + R"(","params":)" + params +
           "}";
  }
  static Request modern(const std::string& method, const std::string& user) {
    const std::string meta = R"({"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}})";
    auto out = request("POST", "", call(method, 1, meta));
    out.caller = out.user = user;
    return out;
  }

  awaitable<Result<std::unique_ptr<Exchange>>> begin(Request asked) {
    if (!upstream) upstream = hub.upstream(io.get_executor(), options);
    auto begun = co_await upstream->exchange(std::move(asked), slot);
    co_return begun;
  }
  awaitable<Answer> ask(Request asked) {
    auto begun = co_await begin(std::move(asked));
    const auto exchange = must(std::move(begun));
    Answer answer;
    answer.status = exchange->head().status;
    answer.session = exchange->head().fields.only("mcp-session-id").value_or("");
    answer.retry_after = std::stoi(std::string(exchange->head().fields.only("retry-after").value_or("0")));
    while (!exchange->finished()) {
      const auto bytes = co_await exchange->read_body();
      answer.body += must(bytes);
    }
    co_return answer;
  }
  // `initialize` of a user; what it asks for is in `params`.
  awaitable<Answer> initialize(std::string user, std::string params = "{}") {
    auto asked = request("POST", "", call("initialize", 7, params));
    asked.caller = asked.user = std::move(user);
    auto answer = co_await ask(std::move(asked));
    co_return answer;
  }
  awaitable<std::string> open_session(std::string user = "alice") {
    const auto answer = co_await initialize(std::move(user));
    EXPECT_EQ(answer.status, 200);
    EXPECT_NE(answer.body.find(R"("id":7)"), std::string::npos) << "the client's own id comes back";
    co_return answer.session;
  }
  awaitable<std::unique_ptr<Exchange>> listen(std::string session) {
    auto asked = request("GET", std::move(session));
    auto begun = co_await begin(std::move(asked));
    auto stream = must(std::move(begun));
    EXPECT_EQ(stream->head().status, 200);
    co_return stream;
  }
  // What one event, at least, says.
  static awaitable<std::string> hear(Exchange& stream) {
    const auto bytes = co_await stream.read_body();
    co_return std::string(must(bytes));
  }
  awaitable<int> status_of(std::string session, std::string body) {
    auto asked = request("POST", std::move(session), std::move(body));
    const auto answer = co_await ask(std::move(asked));
    co_return answer.status;
  }

  LineLog log;
  DuplexOptions options;
  asio::io_context io{1};
  DuplexHub hub{log};
  std::unique_ptr<Upstream> upstream;
  CancelSlot slot;
};

}  // namespace postern::upstream
