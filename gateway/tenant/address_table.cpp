#include "tenant/address_table.hpp"

#include "base/strings.hpp"

namespace postern::tenant::detail {

std::optional<Generalized> generalize(std::string_view text, char separator, std::size_t piece) {
  const auto pieces = split(text, separator);
  if (piece >= pieces.size() || !config::is_handle(pieces[piece])) return std::nullopt;
  const auto at = static_cast<std::size_t>(pieces[piece].data() - text.data());
  const auto after = text.substr(at + pieces[piece].size());
  return Generalized{std::string(text.substr(0, at)).append(config::kTenantPart).append(after),
                     std::string(pieces[piece])};
}

std::optional<std::size_t> tenant_piece(std::string_view text, char separator) {
  const auto pieces = split(text, separator);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i] == config::kTenantPart) return i;
  }
  return std::nullopt;
}

}  // namespace postern::tenant::detail
