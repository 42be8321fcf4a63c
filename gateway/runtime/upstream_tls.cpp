#include "runtime/upstream_tls.hpp"

#include <algorithm>
#include <atomic>

namespace postern::runtime {
namespace {

// Those that are named: of the system's own authorities the system takes care.
std::vector<net::CertificateFiles> watched(const config::UpstreamTls& tls) {
  std::vector<net::CertificateFiles> files;
  if (!tls.authorities.empty()) files.push_back({tls.authorities, tls.authorities});
  if (!tls.certificate.empty()) files.push_back({tls.certificate, tls.key});
  return files;
}

}  // namespace

bool UpstreamTls::is_needed(const config::Upstream& upstream) {
  return std::ranges::any_of(upstream.urls, [](const std::string& url) { return url.starts_with("https:"); });
}

Result<std::shared_ptr<const net::TlsClient>> UpstreamTls::load(const config::Upstream& upstream) {
  return net::TlsClient::load({upstream.tls.authorities, {upstream.tls.certificate, upstream.tls.key}});
}

Result<void> UpstreamTls::open(const std::vector<config::Upstream>& upstreams) {
  for (const auto& upstream : upstreams) {
    if (!is_needed(upstream)) continue;
    auto tls = load(upstream);
    if (!tls) return tls.error();
    auto slot = std::make_shared<Slot>(Slot{std::move(*tls)});
    entries_.emplace(upstream.name, Entry{upstream, net::CertificateWatch(watched(upstream.tls)), std::move(slot)});
  }
  return {};
}

std::vector<UpstreamTls::Reload> UpstreamTls::reload() {
  std::vector<Reload> done;
  for (auto& [name, entry] : entries_) {
    if (!entry.watch.changed()) continue;
    auto tls = load(entry.settings);
    if (tls) std::atomic_store(&entry.slot->tls, std::move(*tls));
    done.push_back({name, tls ? Result<void>() : Result<void>(tls.error())});
  }
  return done;
}

upstream::TlsSource UpstreamTls::source(const std::string& upstream) const {
  const auto found = entries_.find(upstream);
  if (found == entries_.end()) return {};
  return [slot = found->second.slot] { return std::atomic_load(&slot->tls); };
}

}  // namespace postern::runtime
