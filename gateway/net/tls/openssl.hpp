#pragma once

#include <memory>
#include <string>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/system_error.hpp"

namespace postern::net {

struct OpenSslDelete {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
  void operator()(BIO_METHOD* method) const noexcept { BIO_meth_free(method); }
  void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};
template <class T>
using OpenSslPtr = std::unique_ptr<T, OpenSslDelete>;

// The first error in this thread's queue, in words; empties the queue.
inline std::string openssl_reason() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  if (error == 0) return "unknown error";
  if (ERR_SYSTEM_ERROR(error)) return system_message(ERR_GET_REASON(error));
  const char* reason = ERR_reason_error_string(error);
  return reason ? reason : "error " + std::to_string(error);
}

}  // namespace postern::net
