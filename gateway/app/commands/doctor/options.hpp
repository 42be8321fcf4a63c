#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "http/url/url.hpp"

namespace postern::app {

struct Console;

struct DoctorOptions {
  std::string url;
  std::string client;  // empty: all that are known
  std::string token;   // "-": from standard input
  std::string tenant;  // the handle sent beside the token as X-Tenant; empty: none
  std::string issuer;  // that must be named; empty: any
  std::string ca;      // a file with authorities; empty: the system's
  bool insecure_http = false;
  bool rest = false;  // the REST endpoints alone
};

struct ConnectOptions {
  std::string url;
  std::vector<std::string> redirect_uris;
  std::string handle;
  bool gateway = false;
  std::string name;  // shown on the consent page; empty: made from the first redirect URI
  std::string issuer;
  std::string ca;
  bool insecure_http = false;
};

int doctor_command(const DoctorOptions& options, Console& console);
int connect_command(const ConnectOptions& options, Console& console);

namespace doctor {

// The URL of an MCP server as it may be asked. The error is a sentence for whoever typed it.
Result<http::Url> typed_url(const std::string& text, bool insecure_http);
// RFC 6750 section 2.1.
bool is_bearer(std::string_view text);
void warn_of_plain_http(Console& console, const http::Url& url);

// The URL that is meant by --handle and --gateway: the first fills {tenant}, or {handle}, in or must stand in the URL;
// the second is the address where users pick their handle. The error is about the usage.
Result<std::string> address_for(const ConnectOptions& options);

}  // namespace doctor
}  // namespace postern::app
