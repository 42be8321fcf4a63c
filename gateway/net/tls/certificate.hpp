#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/tls/openssl.hpp"

namespace postern::net {

// The certificates of a PEM file, as clients look at them: the first is shown for a host, the others lead to an
// authority. Nothing is verified here. Not thread-safe.
class CertificateChain {
 public:
  // The error names the file and what is wrong: it cannot be read, or holds no certificate.
  static Result<CertificateChain> read(const std::string& file);

  // When all of them hold: from the latest beginning to the earliest end (RFC 5280 section 4.1.2.5).
  Time not_before() const noexcept { return not_before_; }
  Time not_after() const noexcept { return not_after_; }
  // Whether the first one names the host: a DNS name (RFC 6125 section 6.4: `*` is one whole label, the subject's
  // common name does not count), or an address, IPv6 with or without brackets.
  bool names(const std::string& host) const;

 private:
  std::vector<OpenSslPtr<X509>> certificates_;
  Time not_before_ = Time::min();
  Time not_after_ = Time::max();
};

}  // namespace postern::net
