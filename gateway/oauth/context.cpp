#include "oauth/context.hpp"

namespace postern::oauth {

std::string Context::issuer_origin() const {
  const std::size_t authority = server.issuer.find("://") + 3;
  return server.issuer.substr(0, server.issuer.find('/', authority));
}

}  // namespace postern::oauth
