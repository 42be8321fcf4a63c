#pragma once

#include "http/fields.hpp"

namespace postern::http {

// RFC 9110 sections 8.4 and 12.5.3: whether Content-Encoding says that the body is as it is, which servers say in many
// ways: no field, empty ones, `identity` in any case, and lists of these. Anything else is a coding that has to be
// undone before the body can be read.
bool is_identity_coded(const FieldBlock& fields) noexcept;

}  // namespace postern::http
