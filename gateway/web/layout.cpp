#include "web/layout.hpp"

#include "web/display.hpp"
#include "web/templates.hpp"

namespace postern::web {

std::string fill(std::string_view text, const mustache::data& data) {
  return mustache::mustache(std::string(text)).render(data);
}

void set_text(mustache::data& data, const std::string& name, const std::string& value) {
  if (!value.empty()) data.set(name, value);
}

void set_account(mustache::data& data, const Account& account) {
  data.set("account", display_text(account.name));
  set_text(data, "email", display_text(account.email, kLongText));
}

std::string page(const std::string& title, std::string_view content, const mustache::data& data,
                 const std::string& reference, bool wide) {
  mustache::data layout;
  layout.set("title", display_text(title));
  layout.set("style", std::string(templates::style));
  layout.set("content", fill(content, data));
  layout.set("wide", wide);
  if (!reference.empty()) layout.set("footer", "Reference " + display_text(reference));
  return fill(templates::layout, layout);
}

}  // namespace postern::web
