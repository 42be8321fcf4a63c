#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "token/principal.hpp"

namespace postern::runtime {

// A value of `upstreams.headers`: text with {name} and {name|default}. Compiled once; rendering is thread-safe.
class HeaderTemplate {
 public:
  explicit HeaderTemplate(std::string_view text);

  // The value for this principal. Fails when a placeholder is empty without a default, or when the outcome is no legal
  // header value: the call is then refused, never sent with something missing.
  Result<std::string> render(const token::Principal& principal, std::string_view resource_url) const;

 private:
  struct Piece {
    std::string text;  // literal, or the placeholder's name
    bool placeholder = false;
    std::optional<std::string> fallback;
  };
  std::vector<Piece> pieces_;
};

struct NamedTemplate {
  std::string name;
  HeaderTemplate value;
};

}  // namespace postern::runtime
