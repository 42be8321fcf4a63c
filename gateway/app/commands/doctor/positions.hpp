#pragma once

#include <string>
#include <vector>

#include "http/url/url.hpp"

namespace postern::app::doctor {

// Where clients look for documents, in their order. Pure.

// RFC 9728 section 3.1: before the resource's path; then, as MCP adds, at the root. One where there is no path.
std::vector<std::string> resource_metadata_positions(const http::Url& resource);
// RFC 8414 section 3.1 and OpenID Connect Discovery 1.0 section 4, in the order MCP gives them.
std::vector<std::string> server_metadata_positions(const http::Url& issuer);
// Where documents are found that were put in the wrong place: appended to the path, or at the root in spite of one.
std::vector<std::string> misplaced_server_metadata(const http::Url& issuer);

std::string without_slash(std::string text);

}  // namespace postern::app::doctor
