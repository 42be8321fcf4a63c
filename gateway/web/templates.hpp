#pragma once

#include <string_view>

// The files of templates/, compiled in by embed.cmake.
namespace postern::web::templates {

extern const std::string_view layout;
extern const std::string_view login;
extern const std::string_view consent;
extern const std::string_view refused;
extern const std::string_view fault;
extern const std::string_view account;
extern const std::string_view logout;
extern const std::string_view nav;
extern const std::string_view facts;
extern const std::string_view apps;
extern const std::string_view endpoints;
extern const std::string_view tokens;
extern const std::string_view style;

}  // namespace postern::web::templates
