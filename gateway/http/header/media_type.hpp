#pragma once

#include <string_view>

namespace postern::http {

// True when the Content-Type value names `type` ("application/json"), compared without case, with no parameter other
// than charset=utf-8 (quoted or not). RFC 9110 section 8.3.1.
bool is_media_type(std::string_view content_type, std::string_view type) noexcept;

// True when an Accept value admits `type`: named, by "type/*" or "*/*", with a weight above 0. RFC 9110 section 12.5.1.
bool accepts(std::string_view accept, std::string_view type) noexcept;

}  // namespace postern::http
