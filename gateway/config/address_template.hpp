#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace postern::config {

// Addresses of which one whole label of the host or one whole segment of the path is `{tenant}`: it stands for the
// handle of whoever is meant. Pure.

inline constexpr std::string_view kTenantPart = "{tenant}";

bool holds_tenant(std::string_view text) noexcept;
// The text with the handle in the place of `{tenant}`; as it is where there is none.
std::string with_tenant(std::string_view text, std::string_view handle);
// A handle that occurs nowhere else in the text, to fill in for a while.
std::string stand_in_for(std::string_view text);

// A segment of `identity.callback`: the name of the provider that sends users back there.
inline constexpr std::string_view kProviderPart = "{provider}";

std::string provider_callback(std::string_view callback, std::string_view provider);

struct AddressParts {
  std::string origin;  // canonical but for `{tenant}`
  std::string path;    // "" when absent
};
// nullopt: no URL.
std::optional<AddressParts> address_parts(std::string_view address);

// Why `{tenant}` may not stand where it does in that address; a sentence's end, empty when it may.
std::string_view tenant_part_fault(std::string_view address) noexcept;

// Whether some request could be for both although neither is the more exact one. Paths without a trailing slash.
bool are_ambiguous(const AddressParts& one, const AddressParts& other);

}  // namespace postern::config
