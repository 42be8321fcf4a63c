#pragma once

#include <string>
#include <vector>

#include <boost/asio/ip/address.hpp>

#include "base/result.hpp"

namespace postern::net {

// Every address of the name, in the system's order; blocks, for some seconds where no name server answers. Names of the
// hosts file count, search domains do not. unavailable: there is no such name, or nobody who knows.
Result<std::vector<boost::asio::ip::address>> resolve_blocking(const std::string& host);

}  // namespace postern::net
