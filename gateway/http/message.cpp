#include "http/message.hpp"

#include <algorithm>

#include "base/strings.hpp"
#include "http/characters.hpp"

namespace postern::http {
namespace {

bool is_legal(std::string_view name, std::string_view value) noexcept {
  return is_token(name) && is_field_value(value);
}

Response response(int status, std::string_view type, std::string body, std::string_view cache) {
  Response made;
  made.status = status;
  made.headers.set("Content-Type", type);
  made.headers.set("Cache-Control", cache);
  made.body = std::move(body);
  return made;
}

}  // namespace

bool is_token(std::string_view text) noexcept { return !text.empty() && all_of(text, character::kToken); }

bool is_field_value(std::string_view text) noexcept {
  return trim(text).size() == text.size() &&
         std::ranges::all_of(text, [](char c) { return c == '\t' || (!is_control(c) && !is_high(c)); });
}

bool Headers::set(std::string_view name, std::string_view value) {
  if (!is_legal(name, value)) return false;
  // The arguments may be views into a field that goes.
  std::pair<std::string, std::string> field(name, value);
  erase(field.first);
  fields_.push_back(std::move(field));
  return true;
}

bool Headers::add(std::string_view name, std::string_view value) {
  if (!is_legal(name, value)) return false;
  fields_.emplace_back(std::string(name), std::string(value));
  return true;
}

std::optional<std::string_view> Headers::get(std::string_view name) const noexcept {
  for (const auto& [key, value] : fields_) {
    if (ascii_iequals(key, name)) return value;
  }
  return std::nullopt;
}

void Headers::erase(std::string_view name) {
  std::erase_if(fields_, [key = std::string(name)](const auto& field) { return ascii_iequals(field.first, key); });
}

std::optional<std::string_view> Request::header(std::string_view name) const noexcept {
  for (const auto& [key, value] : fields) {
    if (ascii_iequals(key, name)) return value;
  }
  return std::nullopt;
}

std::size_t Request::header_count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(fields, [name](const auto& field) { return ascii_iequals(field.first, name); }));
}

Response json_response(int status, std::string body, std::string_view cache) {
  return response(status, "application/json", std::move(body), cache);
}

Response text_response(int status, std::string body) {
  return response(status, "text/plain; charset=utf-8", std::move(body), "no-store");
}

Response redirect_response(std::string_view location) {
  if (location.empty() || !is_field_value(location)) return text_response(500, "Internal Server Error\n");
  Response made;
  made.status = 303;
  made.headers.set("Location", location);
  made.headers.set("Cache-Control", "no-store");
  return made;
}

std::string_view reason_phrase(int status) noexcept {
  switch (status) {
    case 100: return "Continue";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 204: return "No Content";
    case 206: return "Partial Content";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Status";
  }
}

}  // namespace postern::http
