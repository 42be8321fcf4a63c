#include "oauth/endpoints/form_post.hpp"

#include <utility>

#include "http/header/media_type.hpp"

namespace postern::oauth {
namespace {

constexpr std::size_t kLongestForm = 256 * 1024;

}  // namespace

Result<http::Form, OAuthError> read_form_post(const http::Request& request) {
  if (request.method != "POST") return oauth_error("invalid_request", "Use POST.", {}, 405);
  if (!request.query.empty()) return invalid_request("Send the parameters in the body, not in the query.");
  if (request.header_count("Content-Type") != 1 ||
      !http::is_media_type(*request.header("Content-Type"), "application/x-www-form-urlencoded")) {
    return invalid_request("Content-Type must be application/x-www-form-urlencoded.");
  }
  if (request.body.size() > kLongestForm) return oauth_error("invalid_request", "The form is too long.", {}, 413);
  auto form = http::Form::parse(request.body);
  if (!form)
    return invalid_request("The form cannot be read: it must be UTF-8, percent-encoded, and of sensible size.");
  if (!form->repeated({"resource"}).empty()) return invalid_request("A parameter is given more than once.");
  return *std::move(form);
}

http::Response refuse(std::string_view endpoint, const http::Request& request, const OAuthError& error,
                      const Context& context, bool basic) {
  // Nothing is decided yet: it will be asked again.
  if (context.is_undecided()) return error_response(error, basic);
  const telemetry::Field fields[] = {{"endpoint", endpoint},
                                     {"error", error.error},
                                     {"detail", error.detail.empty() ? error.description : error.detail},
                                     {"peer", request.peer},
                                     {"request_id", request.request_id}};
  const bool ours = error.status >= 500;
  const auto level = ours ? telemetry::Level::error : telemetry::Level::info;
  if (context.log.enabled(level)) context.log.write(level, ours ? "oauth_failed" : "oauth_refused", fields);
  return error_response(error, basic);
}

}  // namespace postern::oauth
