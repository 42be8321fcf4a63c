#include "config/text/file_kind.hpp"
#include "policy/compiled.hpp"

namespace postern::policy {

using config::Faults;
using Loaded = boost::system::result<std::shared_ptr<const Policy>, Faults>;

Loaded load_text(std::string_view text, const std::string& path, const config::Sources& sources) {
  Faults faults;
  const auto root = config::parse_yaml(text, path, sources, faults, &config::kPolicyFile);
  if (!root) return faults;
  auto document = read_document(*root, faults);
  if (!document) return faults;
  return std::shared_ptr<const Policy>(std::make_shared<CompiledPolicy>(std::move(*document)));
}

Loaded load(const std::string& path, const config::Sources& sources) {
  const auto text = sources.file(path);
  if (!text) {
    Faults faults;
    faults.add({path, 1, 1}, "cannot read this policy file: " + text.error().what);
    return faults;
  }
  return policy::load_text(*text, path, sources);
}

std::shared_ptr<const Policy> default_policy() {
  Document document;
  document.name = "default";
  document.scopes = {{"mcp:use", "Use this server's tools, resources and prompts"}};
  document.default_scopes = {"mcp:use"};
  document.connect.scopes = {"mcp:use"};
  document.otherwise_allow = true;
  return std::make_shared<CompiledPolicy>(std::move(document));
}

}  // namespace postern::policy
