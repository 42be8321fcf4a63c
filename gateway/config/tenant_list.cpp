#include "config/tenant_list.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/strings.hpp"
#include "config/file_kind.hpp"
#include "config/read/reading.hpp"

namespace postern::config {
namespace {

// A file without end must not fill the memory with what is wrong with it.
constexpr std::size_t kMostFaults = 100;

Sources no_sources() {
  return {[](const std::string&) { return std::nullopt; },
          [](const std::string&) -> Result<std::string> { return fail(Errc::denied, "files are not read here"); }};
}

// What members' providers are looked up in.
Config with_providers_of(const Config& config) {
  Config out;
  out.identity = config.identity;
  out.authorization_servers = config.authorization_servers;
  return out;
}

boost::system::result<std::vector<ListedTenant>, Faults> finish(Reading& reading, std::vector<ListedTenant> tenants) {
  if (reading.faults.empty()) check_providers_named(reading);
  if (!reading.faults.empty()) return reading.faults;
  return tenants;
}

// Each line was read as a text of its own.
void place(Value& value, int line) {
  value.at.line = line;
  for (auto& item : value.items) place(item, line);
  for (auto& entry : value.entries) {
    entry.at.line = line;
    place(entry.value, line);
  }
}

// Whether the line is something else than an entry of a list, rather than an entry with faults.
bool is_foreign(const std::string& line) {
  const auto entry = nlohmann::json::parse(line, nullptr, false);
  if (!entry.is_object()) return true;
  return std::ranges::none_of(entry.items(), [](const auto& member) { return kTenantLine.holds(member.key()); });
}

std::optional<Value> read_line(const std::string& line, int number, const std::string& path, Reading& reading) {
  if (!nlohmann::json::accept(line)) {
    reading.faults.add({path, number, 1}, "this line is no JSON: each holds one tenant, such as {\"handle\":\"acme\"}");
    return std::nullopt;
  }
  Faults faults;
  // JSON writes characters beyond the first 65,536 as two halves, which YAML does not know.
  const bool halves = line.find("\\ud") != std::string::npos || line.find("\\uD") != std::string::npos;
  auto item =
      parse_yaml(halves ? nlohmann::json::parse(line).dump() : line, path, reading.sources, faults, &kTenantLine);
  for (const auto& fault : faults.all()) reading.faults.add({path, number, fault.at.column}, fault.what);
  if (item) place(*item, number);
  return item;
}

}  // namespace

boost::system::result<std::vector<ListedTenant>, Faults> read_tenant_list(std::string_view text,
                                                                          const std::string& path,
                                                                          const Config& config) {
  Faults faults;
  const auto sources = no_sources();
  auto into = with_providers_of(config);
  Reading reading{into, faults, sources};
  const auto root = parse_yaml(text, path, sources, faults, &kTenantListFile);
  if (!root) return faults;
  std::vector<ListedTenant> listed;
  MapReader top(*root, "the file", faults);
  if (root->kind == Value::Kind::map) {
    if (const auto* tenants = top.list("tenants", true)) {
      for (const auto& item : tenants->items) {
        listed.push_back(read_listed_tenant(reading, item, Clearing::allowed));
      }
    }
    top.finish();
  }
  return finish(reading, std::move(listed));
}

boost::system::result<std::vector<ListedTenant>, Faults> read_tenant_lines(std::istream& lines, const std::string& path,
                                                                           const Config& config) {
  Faults faults;
  const auto sources = no_sources();
  auto into = with_providers_of(config);
  Reading reading{into, faults, sources};
  std::vector<ListedTenant> listed;
  std::string line;
  bool foreign = false;
  for (int number = 1; !foreign && std::getline(lines, line) && faults.all().size() < kMostFaults; ++number) {
    if (line.ends_with('\r')) line.pop_back();
    if (trim(line).empty()) continue;
    const auto item = read_line(line, number, path, reading);
    // A file whose first line is not one of a list is another file, of which one fault says enough.
    foreign = !item && listed.empty() && is_foreign(line);
    if (item) listed.push_back(read_listed_tenant(reading, *item, Clearing::allowed));
  }
  // What could be read is not all.
  if (!foreign && faults.all().size() < kMostFaults && !lines.eof())
    faults.add({path, 1, 1}, "cannot read this to its end");
  return finish(reading, std::move(listed));
}

}  // namespace postern::config
