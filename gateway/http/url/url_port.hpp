#pragma once

#include <cstdint>

#include "http/url/url.hpp"

namespace postern::http {

// The port that an http:// or https:// URL leads to, written or not (RFC 9110 sections 4.2.1 and 4.2.2). Pure.
std::uint16_t port_of(const Url& url) noexcept;

}  // namespace postern::http
