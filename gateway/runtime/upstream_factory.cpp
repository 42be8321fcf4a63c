#include "runtime/upstream_factory.hpp"

#include <utility>

#include "runtime/upstream_options.hpp"
#include "upstream/duplex/hub.hpp"

namespace postern::runtime {
namespace {

class Factory final : public UpstreamFactory {
 public:
  Factory(std::shared_ptr<const UpstreamTls> tls, upstream::DuplexHub& hub) : tls_(std::move(tls)), hub_(hub) {}

  std::unique_ptr<upstream::Upstream> make(boost::asio::any_io_executor executor,
                                           const config::Upstream& settings) override {
    if (!is_duplex(settings)) return make_plain(std::move(executor), settings);
    return hub_.upstream(std::move(executor), duplex_options(settings, tls_->source(settings.name)));
  }

  std::unique_ptr<upstream::Upstream> make_plain(boost::asio::any_io_executor executor,
                                                 const config::Upstream& settings) override {
    return upstream::make_http_upstream(std::move(executor), http_options(settings, tls_->source(settings.name)));
  }

 private:
  std::shared_ptr<const UpstreamTls> tls_;
  upstream::DuplexHub& hub_;
};

}  // namespace

std::unique_ptr<UpstreamFactory> make_upstream_factory(std::shared_ptr<const UpstreamTls> tls,
                                                       upstream::DuplexHub& hub) {
  return std::make_unique<Factory>(std::move(tls), hub);
}

}  // namespace postern::runtime
