#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/form.hpp"
#include "oauth/context.hpp"
#include "oauth/error.hpp"
#include "store/records.hpp"

namespace postern::oauth {

// Endpoints do not fetch: whoever runs one fetches before what it will need, and hands it over in the context. The URL
// of the document that a request with these parameters will need; nullopt when none, or none that may be fetched.
std::optional<std::string> document_needed(const http::Form& parameters, const config::Registration& registration);

// The client of that id: one that is registered, or one that the document at that URL describes. Blocks on the store.
// invalid_client (401) when there is none or its document cannot be used, temporarily_unavailable (503) when that
// cannot be told now; the detail is for the log.
Result<store::Client, OAuthError> find_client(std::string_view id, const Context& context);

}  // namespace postern::oauth
