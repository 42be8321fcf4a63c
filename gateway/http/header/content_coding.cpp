#include "http/header/content_coding.hpp"

#include "base/strings.hpp"

namespace postern::http {

bool is_identity_coded(const FieldBlock& fields) noexcept {
  for (const Field& field : fields.all()) {
    if (!ascii_iequals(field.name, "content-encoding")) continue;
    for (std::string_view rest = field.value; !rest.empty();) {
      const auto comma = rest.find(',');
      const auto coding = trim(rest.substr(0, comma));
      if (!coding.empty() && !ascii_iequals(coding, "identity")) return false;
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
  }
  return true;
}

}  // namespace postern::http
