#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "net/tls/tls.hpp"
#include "upstream/upstream.hpp"

namespace postern::runtime {

// TLS settings for upstreams with https:// urls. open() and reload() are called by
// one thread; sources may be asked on any.
class UpstreamTls {
 public:
  // The files of one upstream, as they are read now; the error names the file and what is wrong.
  static Result<std::shared_ptr<const net::TlsClient>> load(const config::Upstream& upstream);
  static bool is_needed(const config::Upstream& upstream);

  Result<void> open(const std::vector<config::Upstream>& upstreams);

  struct Reload {
    std::string upstream;
    Result<void> done;  // on an error the previous files stay in use
  };
  // Reloads what changed since the last call; open connections are kept.
  std::vector<Reload> reload();

  // Empty for an upstream without https:// urls.
  upstream::TlsSource source(const std::string& upstream) const;

 private:
  struct Slot {
    std::shared_ptr<const net::TlsClient> tls;
  };
  struct Entry {
    config::Upstream settings;
    net::CertificateWatch watch;
    std::shared_ptr<Slot> slot;
  };
  std::map<std::string, Entry> entries_;
};

}  // namespace postern::runtime
