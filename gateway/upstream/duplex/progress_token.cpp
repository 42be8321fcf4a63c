#include "upstream/duplex/progress_token.hpp"

namespace postern::upstream {

namespace {

constexpr std::size_t kLongestToken = 256;  // bytes

}  // namespace

std::optional<std::string> fault_of_progress_token(const nlohmann::json& params) {
  if (!params.is_object()) return std::nullopt;
  const auto meta = params.find("_meta");
  if (meta == params.end() || !meta->is_object()) return std::nullopt;
  const auto token = meta->find("progressToken");
  if (token == meta->end() || token->is_null() || token->is_number_integer()) return std::nullopt;
  const auto* text = token->get_ptr<const std::string*>();
  if (text == nullptr) return "params._meta.progressToken is neither text nor integer";
  if (text->size() <= kLongestToken) return std::nullopt;
  return "params._meta.progressToken is longer than " + std::to_string(kLongestToken) + " bytes";
}

}  // namespace postern::upstream
