#pragma once

#include <string_view>

#include "base/result.hpp"
#include "oauth/context.hpp"
#include "oauth/error.hpp"
#include "store/records.hpp"

namespace postern::oauth {

// The client of that id: one that is registered, or one that the document at that URL describes. Blocks on the store;
// a document that is not at hand is noted as wanted (foreign_documents.hpp).
// invalid_client (401) when there is none or its document cannot be used, temporarily_unavailable (503) when that
// cannot be told now; the detail is for the log.
Result<store::Client, OAuthError> find_client(std::string_view id, const Context& context);

}  // namespace postern::oauth
