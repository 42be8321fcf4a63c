#include "upstream/fetch/fetch_exchange.hpp"

#include "base/strings.hpp"
#include "http/header/content_coding.hpp"
#include "http/header/freshness.hpp"
#include "http/header/media_type.hpp"
#include "net/tcp.hpp"
#include "upstream/http_exchange.hpp"
#include "upstream/request_head.hpp"

namespace postern::upstream {

namespace asio = boost::asio;

namespace {

std::string authority_of(const http::Url& url) { return url.port.empty() ? url.host : url.host + ":" + url.port; }

Result<std::shared_ptr<const Outgoing>> make_request(const http::Url& url, const std::optional<PostedForm>& form) {
  auto outgoing = std::make_shared<Outgoing>();
  outgoing->request.method = form ? "POST" : "GET";
  outgoing->request.target = (url.path.empty() ? "/" : url.path) + (url.has_query ? "?" + url.query : "");
  outgoing->request.headers.set("Accept", "application/json");
  outgoing->request.headers.set("Accept-Encoding", "identity");
  outgoing->request.headers.set("User-Agent", "Postern");
  if (form) {
    outgoing->request.headers.set("Content-Type", "application/x-www-form-urlencoded");
    if (!form->authorization.empty()) outgoing->request.headers.set("Authorization", form->authorization.reveal());
    outgoing->request.body = form->form.reveal();
  }
  auto head = write_request_head(outgoing->request, authority_of(url), outgoing->request.target);
  if (!head) return head.error();
  outgoing->head = std::move(*head);
  return std::shared_ptr<const Outgoing>(std::move(outgoing));
}

// RFC 6839 section 3.1: what ends in +json is JSON too.
bool is_json(std::string_view content_type) {
  const std::string_view type = trim(content_type.substr(0, content_type.find(';')));
  const bool suffixed = type.size() > 17 && ascii_iequals(type.substr(0, 12), "application/") &&
                        ascii_iequals(type.substr(type.size() - 5), "+json");
  return http::is_media_type(content_type, suffixed ? type : "application/json");
}

// Nothing but a plain 200 is a document: a redirect leads where nobody looked, an empty or partial answer says nothing.
std::optional<Error> refused(const http::ResponseHead& head, const FetchRules& rules) {
  if (head.status >= 500) return fail(Errc::unavailable, "the answer is " + std::to_string(head.status));
  const bool refusal = rules.refusals && head.status >= 400;
  if (head.status != 200 && !refusal)
    return fail(Errc::protocol, "the answer is " + std::to_string(head.status) + ", not 200");
  if (!http::is_identity_coded(head.fields)) {
    return fail(Errc::protocol, "the answer is compressed, which was not asked for");
  }
  std::size_t types = 0;
  for (const http::Field& field : head.fields.all()) {
    if (!ascii_iequals(field.name, "content-type")) continue;
    if (++types > 1 || !is_json(field.value)) return fail(Errc::protocol, "the answer is not of type application/json");
  }
  if (types == 0) return fail(Errc::protocol, "the answer is not of type application/json");
  if (head.framing == http::Framing::content_length && head.content_length > rules.body) {
    return fail(Errc::too_large, "the answer is larger than " + std::to_string(rules.body) + " bytes");
  }
  return std::nullopt;
}

awaitable<Result<std::string>> read_whole(std::shared_ptr<HttpConversation> conversation, std::size_t limit) {
  std::string body;
  for (;;) {
    const auto part = co_await HttpConversation::read_body(conversation);
    if (!part) co_return part.error();
    if (part->empty()) co_return body;
    if (body.size() + part->size() > limit) {
      co_return fail(Errc::too_large, "the answer is larger than " + std::to_string(limit) + " bytes");
    }
    body += *part;
  }
}

awaitable<Result<std::unique_ptr<net::Stream>>> open(asio::any_io_executor executor,
                                                     std::shared_ptr<const Fetch> what) {
  const asio::ip::tcp::endpoint to = what->to;
  const net::SteadyTime deadline = what->deadline;
  auto connected = co_await net::TcpStream::connect(executor, to, deadline);
  if (!connected) co_return std::move(connected).error();
  auto tcp = std::move(*connected);
  if (!tcp->is_connected_to(to.address())) {
    co_return fail(Errc::denied, "the connection leads to another address than the one that was checked");
  }
  auto tls = what->tls;
  if (!tls) co_return std::move(tcp);
  std::string host = what->url.host;
  auto secured = co_await net::tls_connect(std::move(tcp), std::move(tls), std::move(host), deadline);
  co_return secured;
}

}  // namespace

awaitable<Result<Fetched>> fetch(asio::any_io_executor executor, std::shared_ptr<const Fetch> what) {
  auto outgoing = make_request(what->url, what->form);
  if (!outgoing) co_return outgoing.error();
  auto opened = co_await open(executor, what);
  if (!opened) co_return opened.error();
  HttpUpstreamOptions options;
  options.response_timeout = what->rules.deadline;
  options.stream_idle_timeout = what->rules.deadline;
  options.head = 16 * 1024;
  const auto conversation = std::make_shared<HttpConversation>(Connection(nullptr, std::move(*opened), false), options,
                                                               authority_of(what->url));
  CancelSlot slot;
  auto request = std::move(*outgoing);
  const auto begun = co_await HttpConversation::begin(conversation, std::move(request), slot);
  if (!begun) co_return begun.error();
  if (auto why = refused(conversation->head(), what->rules)) co_return *std::move(why);
  auto body = co_await read_whole(conversation, what->rules.body);
  if (!body) co_return body.error();
  Fetched fetched;
  fetched.status = conversation->head().status;
  fetched.body = std::move(*body);
  fetched.lifetime = http::freshness_lifetime(conversation->head().fields, what->now);
  co_return fetched;
}

}  // namespace postern::upstream
