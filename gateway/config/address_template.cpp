#include "config/address_template.hpp"

#include <algorithm>
#include <vector>

#include "base/strings.hpp"
#include "http/url/url.hpp"

namespace postern::config {
namespace {

std::size_t end_of_origin(std::string_view address) noexcept {
  const auto scheme = address.find("://");
  if (scheme == std::string_view::npos) return std::string_view::npos;
  return std::min(address.find('/', scheme + 3), address.size());
}

bool stands_between(std::string_view text, std::size_t at, std::string_view before, std::string_view after) noexcept {
  const auto end = at + kTenantPart.size();
  const bool begins = at > 0 && before.find(text[at - 1]) != std::string_view::npos;
  return begins && (end == text.size() ? after.empty() || after.find('/') != std::string_view::npos
                                       : after.find(text[end]) != std::string_view::npos);
}

}  // namespace

bool holds_tenant(std::string_view text) noexcept { return text.find(kTenantPart) != std::string_view::npos; }

std::string with_tenant(std::string_view text, std::string_view handle) {
  std::string filled(text);
  if (const auto at = filled.find(kTenantPart); at != std::string::npos) filled.replace(at, kTenantPart.size(), handle);
  return filled;
}

std::string provider_callback(std::string_view callback, std::string_view provider) {
  std::string filled(callback);
  const auto at = filled.find(kProviderPart);
  if (at != std::string::npos) filled.replace(at, kProviderPart.size(), provider);
  return filled;
}

std::string stand_in_for(std::string_view text) {
  std::string handle = "t";
  while (text.find(handle) != std::string_view::npos) handle += 't';
  return handle;
}

std::optional<AddressParts> address_parts(std::string_view address) {
  const auto handle = stand_in_for(address);
  const auto url = http::parse_url(with_tenant(address, handle));
  if (!url) return std::nullopt;
  AddressParts parts{url->origin(), url->path};
  if (!holds_tenant(address)) return parts;
  for (auto* part : {&parts.origin, &parts.path}) {
    if (const auto at = part->find(handle); at != std::string::npos) part->replace(at, handle.size(), kTenantPart);
  }
  return parts;
}

std::string_view tenant_part_fault(std::string_view address) noexcept {
  const auto at = address.find(kTenantPart);
  const auto braces = std::count(address.begin(), address.end(), '{') + std::count(address.begin(), address.end(), '}');
  if (at == std::string_view::npos) return braces == 0 ? "" : "holds braces: `{tenant}` is all that may be filled in";
  if (braces != 2) return "may hold `{tenant}` once, and no other braces";
  const auto origin = end_of_origin(address);
  if (origin == std::string_view::npos) return "is no absolute URL such as https://{tenant}.example.test/mcp";
  if (at < origin) {
    return stands_between(address, at, "/.", ".") ? "" : "must hold `{tenant}` as a whole label before its domain";
  }
  return stands_between(address, at, "/", "/") ? "" : "must hold `{tenant}` as a whole segment of its path";
}

bool are_ambiguous(const AddressParts& one, const AddressParts& other) {
  // A host that is written out wins over one with `{tenant}`.
  if (holds_tenant(one.origin) != holds_tenant(other.origin)) return false;
  if (one.origin != other.origin) {
    const auto scheme = one.origin.find("://");
    if (one.origin.substr(0, scheme) != other.origin.substr(0, other.origin.find("://"))) return false;
    const auto labels = split(std::string_view(one.origin).substr(scheme + 3), '.');
    const auto others = split(std::string_view(other.origin).substr(scheme + 3), '.');
    if (!holds_tenant(one.origin) || labels.size() != others.size()) return false;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] != others[i] && !holds_tenant(labels[i]) && !holds_tenant(others[i])) return false;
    }
    return true;
  }
  if (one.path == other.path) return true;
  // One that is written out wins over one with `{tenant}`.
  if (!holds_tenant(one.path) || !holds_tenant(other.path)) return false;
  const auto segments = split(one.path, '/');
  const auto others = split(other.path, '/');
  if (segments.size() != others.size()) return false;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    if (segments[i] != others[i] && !holds_tenant(segments[i]) && !holds_tenant(others[i])) return false;
  }
  return true;
}

}  // namespace postern::config
