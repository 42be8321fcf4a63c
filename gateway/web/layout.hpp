#pragma once

#include <string>
#include <string_view>

#include <kainjow/mustache.hpp>

#include "web/views.hpp"

// What the files that fill templates share; nobody else sees the template engine.
namespace postern::web {

namespace mustache = kainjow::mustache;

std::string fill(std::string_view text, const mustache::data& data);
// Empty strings are left out: a section over one would be shown.
void set_text(mustache::data& data, const std::string& name, const std::string& value);
void set_account(mustache::data& data, const Account& account);

// `content` filled in and put into the layout. `reference`: below it, for support; may be empty. `wide`: for lists.
std::string page(const std::string& title, std::string_view content, const mustache::data& data,
                 const std::string& reference = {}, bool wide = false);

}  // namespace postern::web
