#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "net/tcp.hpp"

namespace postern::net {

struct CertificateFiles {
  std::string certificate;  // PEM, leaf first
  std::string key;          // PEM, not encrypted
};

// The certificates of one listener: TLS 1.2 and 1.3, forward-secret AEAD suites, ALPN http/1.1 only, chosen by SNI
// (exact names before wildcards; the first certificate when no name fits or none is sent), no renegotiation, no
// compression, SSL_MODE_RELEASE_BUFFERS. Immutable after load; a reload makes a new one. Thread-safe.
class TlsServer {
 public:
  // Reads and checks the files: parsable, key fits certificate. The error names the file and what is wrong.
  static Result<std::shared_ptr<const TlsServer>> load(const std::vector<CertificateFiles>& files);

  struct Impl;
  explicit TlsServer(std::unique_ptr<Impl> impl);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;
  const Impl& impl() const noexcept { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

struct TlsClientFiles {
  std::string authorities;  // PEM; empty: those of the system
  CertificateFiles own;     // what we show to a server that asks; both empty: nothing
};

// How we connect to servers: TLS 1.2 and 1.3, the same suites, ALPN http/1.1. The certificate is always checked, there
// is no way to switch that off. Immutable after load; a reload makes a new one. Thread-safe.
class TlsClient {
 public:
  // Reads and checks the files. The error names the file and what is wrong.
  static Result<std::shared_ptr<const TlsClient>> load(const TlsClientFiles& files);

  struct Impl;
  explicit TlsClient(std::unique_ptr<Impl> impl);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;
  const Impl& impl() const noexcept { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// Takes over the connection and does the handshake on the descriptor, within the deadline, which stays set for the
// first read and write. The `tls` is kept alive by the stream. Errors: protocol (no TLS, no common version or suite,
// ALPN without http/1.1), closed, timed_out, cancelled; the connection is closed then.
awaitable<Result<std::unique_ptr<Stream>>> tls_accept(std::unique_ptr<TcpStream> tcp,
                                                      std::shared_ptr<const TlsServer> tls, SteadyTime deadline);

// The same from the other side. `host` is whom the certificate must name: a host name, or an address, IPv6 with or
// without brackets. A certificate that is not accepted is `denied`, with the reason in words.
awaitable<Result<std::unique_ptr<Stream>>> tls_connect(std::unique_ptr<TcpStream> tcp,
                                                       std::shared_ptr<const TlsClient> tls, std::string host,
                                                       SteadyTime deadline);

// Watches certificate files (modification time, size, inode) and tells when any changed; polled by the caller.
class CertificateWatch {
 public:
  explicit CertificateWatch(std::vector<CertificateFiles> files);
  // Since the last call, or since it was made. A file that is away for now, as between the two steps of a renewal, is
  // no change until it is back.
  bool changed();

 private:
  std::vector<CertificateFiles> files_;
  std::vector<std::string> seen_;
};

}  // namespace postern::net
