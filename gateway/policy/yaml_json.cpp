#include "policy/yaml_json.hpp"

namespace postern::policy {
namespace {

using nlohmann::json;

json scalar_to_json(const config::Value& value) {
  if (value.quoted) return value.scalar;
  if (value.scalar == "true") return true;
  if (value.scalar == "false") return false;
  if (value.scalar == "null" || value.scalar == "~") return nullptr;
  // What JSON takes for a number is one; YAML's other spellings (0o7, .inf) stay text.
  auto number = json::parse(value.scalar, nullptr, false);
  if (number.is_number()) return number;
  return value.scalar;
}

}  // namespace

json to_json(const config::Value& value) {
  switch (value.kind) {
    case config::Value::Kind::null: return nullptr;
    case config::Value::Kind::scalar: return scalar_to_json(value);
    case config::Value::Kind::list: {
      auto list = json::array();
      for (const auto& item : value.items) list.push_back(to_json(item));
      return list;
    }
    case config::Value::Kind::map: break;
  }
  auto object = json::object();
  for (const auto& entry : value.entries) object[entry.key] = to_json(entry.value);
  return object;
}

}  // namespace postern::policy
