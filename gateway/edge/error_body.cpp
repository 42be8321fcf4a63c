#include "edge/error_body.hpp"

#include <nlohmann/json.hpp>

namespace postern::edge {

http::Response error_response(int status, std::string_view error, std::string_view description,
                              std::string_view request_id) {
  const nlohmann::json body{{"error", error}, {"error_description", description}, {"request_id", request_id}};
  return http::json_response(status, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace postern::edge
