#include "config/forms.hpp"
#include "config/read/reading.hpp"
#include "config/text/ticked.hpp"

namespace postern::config {
namespace {

void read_serve(Reading& reading, MapReader& reader, Resource& resource) {
  const auto text = reader.text("serve", true);
  if (!text) return;
  const auto parts = public_address(reading, *text, "serve");
  if (!parts) return;
  resource.serve = text->value;
  reading.taken.push_back({parts->origin, without_slash(parts->path), "a resource", text->at});
}

// A name that another part of the file must hold.
void read_mention(Reading& reading, MapReader& reader, std::string_view key, bool required, std::string& out,
                  std::vector<Mention>& mentions) {
  const auto text = reader.text(key, required);
  if (!text) return;
  if (!is_name(text->value)) {
    reading.faults.add(text->at,
                       ticked(key) + " " + text->written + " must be a name: letters, digits, `-`, `_` and `.`");
    return;
  }
  out = text->value;
  mentions.push_back({text->value, text->at, text->written});
}

void read_policy(Reading& reading, MapReader& reader, Resource& resource) {
  // Policies carry their names inside their files, which are read later: only the form is checked here.
  std::vector<Mention> checked_with_the_policies;
  read_mention(reading, reader, "policy", true, resource.policy, checked_with_the_policies);
  if (!checked_with_the_policies.empty()) resource.policy_written = checked_with_the_policies.front().written;
}

void read_tenant(Reading& reading, MapReader& reader, Resource& resource) {
  const auto text = reader.text("tenant");
  if (!text) return;
  if (text->value.find('{') != std::string::npos) {
    reading.faults.add(text->at, not_yet("tenant: {…}", "name one tenant, or leave `tenant` away"));
  } else if (!is_handle(text->value)) {
    reading.faults.add(text->at, "`tenant` " + text->written + " must be a tenant's handle");
  } else if (holds_tenant(resource.serve)) {
    reading.faults.add(text->at, "`serve` holds `{tenant}` already: remove `tenant`");
  }
  resource.tenant = text->value;
}

// REST is at the root of a host, where nothing but the host can say whose it is.
void read_rest(Reading& reading, MapReader& reader, Resource& resource) {
  reader.boolean("rest", resource.rest);
  reader.boolean("public_openapi", resource.public_openapi);
  const auto parts = address_parts(resource.serve);
  if (resource.rest && parts && holds_tenant(parts->path)) {
    reading.faults.add(reader.at("rest"),
                       "`rest: true` serves at the root of the host, but the tenant of this address is in its path: "
                       "put `{tenant}` in the host, or name one `tenant`");
  }
  if (!resource.public_openapi) return;
  if (!resource.rest) {
    reading.faults.add(reader.at("public_openapi"), "`public_openapi: true` needs `rest: true`");
  } else if (resource.same_as.empty() && resource.tenant.empty() && !holds_tenant(resource.serve)) {
    reading.faults.add(reader.at("public_openapi"),
                       "`public_openapi: true` needs a `tenant`, or `{tenant}` in the host: whoever has no token "
                       "cannot pick one");
  }
  reading.warn(reader.at("public_openapi"),
               "`public_openapi: true`: anybody may read the names and the schemas of the tools that the default "
               "scopes allow");
}

// Another address of a resource: all but `serve`, `root` and what is at the root of its host is the other's.
void read_same_as(Reading& reading, MapReader& reader, Resource& resource) {
  const auto text = reader.text("same_as", true);
  reader.boolean("root", resource.root);
  if (text) {
    resource.same_as = text->value;
    reading.same_as.push_back({text->value, text->at});
  }
  read_rest(reading, reader, resource);
  for (const auto* key : {"upstream", "policy", "authorization_server", "tenant", "name", "manual_tokens", "denials"}) {
    if (!reader.has(key)) {
      reader.optional(key);
      continue;
    }
    reader.unsupported(key, ticked(key) + " is that of the resource which `same_as` names: remove it here");
  }
}

void read_resource(Reading& reading, const Value& item) {
  MapReader reader(item, "resources entry", reading.faults);
  Resource resource;
  resource.at = item.at;
  read_serve(reading, reader, resource);
  if (reader.has("same_as")) {
    read_same_as(reading, reader, resource);
    reading.finish(reader, "resources[]");
    reading.config.resources.push_back(std::move(resource));
    return;
  }
  reader.optional("same_as");
  read_mention(reading, reader, "upstream", true, resource.upstream, reading.upstreams_named);
  read_policy(reading, reader, resource);
  read_mention(reading, reader, "authorization_server", false, resource.authorization_server, reading.servers_named);
  read_tenant(reading, reader, resource);
  reader.boolean("root", resource.root);
  resource.name = resource.upstream;
  reader.string("name", resource.name);
  read_rest(reading, reader, resource);
  reader.boolean("manual_tokens", resource.manual_tokens);
  std::size_t denials = 0;
  if (reader.choice("denials", denials, {"jsonrpc", "http"})) resource.denials = static_cast<Denials>(denials);
  reading.finish(reader, "resources[]");
  reading.config.resources.push_back(std::move(resource));
}

}  // namespace

void read_resources(Reading& reading, MapReader& top) {
  const auto* resources = top.list("resources");
  if (!resources) return;
  for (const auto& item : resources->items) read_resource(reading, item);
}

void read_policies(Reading& reading, MapReader& top) {
  const auto files = top.texts("policies", false, true);
  if (!files) return;
  for (const auto& text : *files) {
    PolicyFile file{resolve_path(text.at.file, text.value), text.at};
    for (const auto& other : reading.config.policies) {
      if (other.path == file.path) reading.faults.add(text.at, "`policies` names " + text.written + " twice");
    }
    reading.config.policies.push_back(std::move(file));
  }
}

}  // namespace postern::config
