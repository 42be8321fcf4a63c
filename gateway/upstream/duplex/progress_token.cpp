#include "upstream/duplex/progress_token.hpp"

#include <nlohmann/json.hpp>

#include "mcp/json_members.hpp"

namespace postern::upstream {

namespace {

constexpr std::size_t kLongestToken = 256;  // bytes

bool is_integer(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

std::optional<std::string> fault_of_progress_token(std::string_view message) {
  const auto token = mcp::find_at(message, {"params", "_meta", "progressToken"});
  if (!token.plain) return "a member of params._meta differs from progressToken by case only";
  if (token.text.empty() || token.text == "null") return std::nullopt;
  std::size_t size = token.text.size();
  if (token.text.starts_with('"')) {
    size = nlohmann::json::parse(token.text).get_ref<const std::string&>().size();
  } else if (!is_integer(token.text)) {
    return "params._meta.progressToken is neither text nor integer";
  }
  if (size <= kLongestToken) return std::nullopt;
  return "params._meta.progressToken is longer than " + std::to_string(kLongestToken) + " bytes";
}

}  // namespace postern::upstream
