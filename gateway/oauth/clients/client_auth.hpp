#pragma once

#include "base/result.hpp"
#include "http/form.hpp"
#include "http/message.hpp"
#include "oauth/context.hpp"
#include "oauth/error.hpp"
#include "store/records.hpp"

namespace postern::oauth {

struct ClientAuthFailure {
  OAuthError error;
  bool basic = false;  // the client tried HTTP Basic
};

// OAuth 2.1 section 2.4: who is asking at the token, revocation or introspection endpoint. `none` by client_id alone,
// client_secret_basic, client_secret_post, private_key_jwt (client_assertion.hpp); never two at once. A confidential
// client may use either place for its secret. Basic takes the values raw, as browsers' btoa() makes them, and
// form-encoded, as RFC 6749 section 2.3.1 demands.
Result<store::Client, ClientAuthFailure> authenticate_client(const http::Request& request, const http::Form& form,
                                                             const Context& context);

}  // namespace postern::oauth
