#include <cmath>
#include <cstdio>
#include <ctime>

#include "base/encoding.hpp"
#include "base/strings.hpp"
#include "telemetry/log.hpp"

namespace postern::telemetry {
namespace {

constexpr std::size_t kValueLimit = 1024;
constexpr std::string_view kRedacted = "[redacted]";

bool is_token_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '~' || c == '+' || c == '/' || c == '=';
}

bool names_a_secret(std::string_view key) noexcept {
  for (const auto* name : {"password", "secret", "code", "token", "authorization", "cookie", "client_secret",
                           "refresh_token", "access_token", "code_verifier", "assertion", "client_assertion"}) {
    if (key == name) return true;
  }
  return false;
}

// The length of a credential that begins at `at`, or 0: "Bearer x", "Basic x", tokens of the form mcp?1_…, and JWTs.
std::size_t credential_at(std::string_view text, std::size_t at) noexcept {
  const auto rest = text.substr(at);
  std::size_t begin = 0;
  if (rest.size() > 7 && ascii_iequals(rest.substr(0, 7), "bearer ")) begin = 7;
  if (rest.size() > 6 && ascii_iequals(rest.substr(0, 6), "basic ")) begin = 6;
  if (begin == 0 && rest.size() > 22 && rest.starts_with("mcp") && rest.substr(4, 2) == "1_") begin = 6;
  if (begin == 0 && rest.size() > 22 && rest.starts_with("eyJ")) begin = 3;
  if (begin == 0) return 0;
  std::size_t end = begin;
  while (end < rest.size() && is_token_character(rest[end])) ++end;
  return end - begin >= 16 || begin >= 7 ? end : 0;
}

void append_escaped_byte(std::string& out, unsigned char c) {
  char text[8];
  std::snprintf(text, sizeof text, "\\u%04x", c);
  out += text;
}

// JSON string of the value: cut, credentials replaced, control bytes (also C1 and DEL, which terminals obey) escaped.
void append_string(std::string& out, std::string_view value) {
  const bool cut = value.size() > kValueLimit;
  if (cut) value = value.substr(0, kValueLimit);
  const bool utf8 = is_valid_utf8(value);
  out += '"';
  for (std::size_t i = 0; i < value.size();) {
    if (const auto length = credential_at(value, i); length > 0) {
      out += kRedacted;
      i += length;
      continue;
    }
    const auto c = static_cast<unsigned char>(value[i]);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 0x20 || c == 0x7F || (c >= 0x80 && !utf8)) {
      append_escaped_byte(out, c);
    } else if (c == 0xC2 && i + 1 < value.size() && static_cast<unsigned char>(value[i + 1]) < 0xA0) {
      append_escaped_byte(out, static_cast<unsigned char>(value[++i]));
    } else {
      out += static_cast<char>(c);
    }
    ++i;
  }
  if (cut) out += "…";
  out += '"';
}

struct AppendValue {
  std::string& out;
  void operator()(std::string_view value) const { append_string(out, value); }
  void operator()(std::int64_t value) const { out += std::to_string(value); }
  void operator()(bool value) const { out += value ? "true" : "false"; }
  void operator()(double value) const {
    if (!std::isfinite(value)) {
      out += "null";
      return;
    }
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    out += text;
  }
};

void append_time(std::string& out, std::int64_t unix_millis) {
  const std::time_t seconds = static_cast<std::time_t>(unix_millis / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  const auto length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  out.append(text, length);
  std::snprintf(text, sizeof text, ".%03dZ", static_cast<int>(unix_millis % 1000));
  out += text;
}

}  // namespace

std::string format_line(std::int64_t unix_millis, std::string_view level, std::string_view event,
                        std::span<const Field> fields) {
  std::string out;
  out.reserve(256);
  out += "{\"time\":\"";
  append_time(out, unix_millis);
  out += "\",\"level\":";
  append_string(out, level);
  out += ",\"event\":";
  append_string(out, event);
  for (const auto& field : fields) {
    out += ',';
    append_string(out, field.key);
    out += ':';
    if (names_a_secret(field.key)) {
      append_string(out, kRedacted);
    } else {
      std::visit(AppendValue{out}, field.value);
    }
  }
  out += '}';
  return out;
}

}  // namespace postern::telemetry
