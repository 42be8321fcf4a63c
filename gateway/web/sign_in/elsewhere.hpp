#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/form.hpp"
#include "http/message.hpp"
#include "web/pages.hpp"
#include "web/views.hpp"

namespace postern::web {

// The button of a provider was pressed: what the browser will have to show when it comes back is put into a cookie of
// its own, and off it goes. Nothing leads to a provider but this, a form of our page.
http::Response begin_elsewhere(std::string_view provider, const std::string& continue_to, const http::Request& request,
                               const PageContext& context);

// The providers of the sign-in page, of those whose users can belong to the tenant where one is meant; and where its
// forms may lead by Content-Security-Policy.
std::vector<ProviderChoice> provider_choices(std::string_view tenant, const PageContext& context);
std::string login_form_action(const PageContext& context);

}  // namespace postern::web
