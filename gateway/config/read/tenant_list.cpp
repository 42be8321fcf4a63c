#include "config/tenant_list.hpp"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "base/strings.hpp"
#include "config/read/reading.hpp"
#include "config/text/file_kind.hpp"

namespace postern::config {
namespace {

// A file without end must not fill the memory with what is wrong with it.
constexpr std::size_t kMostFaults = 100;
constexpr std::size_t kLongestLine = 4 * 1024 * 1024;  // as of a file that is YAML

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

std::optional<unsigned> unit_at(std::string_view text, std::size_t at) {
  unsigned unit = 0;
  if (text.substr(at, 2) != "\\u" || text.size() < at + 6) return std::nullopt;
  const auto* end = text.data() + at + 6;
  return std::from_chars(text.data() + at + 2, end, unit, 16).ptr == end ? std::optional(unit) : std::nullopt;
}

std::string utf8_of(unsigned high, unsigned low) {
  const unsigned code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
  std::string out;
  out += static_cast<char>(0xF0 | (code >> 18));
  for (const int shift : {12, 6, 0}) out += static_cast<char>(0x80 | ((code >> shift) & 0x3F));
  return out;
}

// JSON writes characters beyond the first 65,536 as two halves (RFC 8259 section 7), which YAML does not know.
std::string with_whole_characters(std::string_view line) {
  std::string out;
  for (std::size_t at = 0; at < line.size();) {
    const auto high = unit_at(line, at);
    const auto low = high && *high >= 0xD800 && *high < 0xDC00 ? unit_at(line, at + 6) : std::nullopt;
    if (low && *low >= 0xDC00 && *low < 0xE000) {
      out += utf8_of(*high, *low);
      at += 12;
    } else {
      // An escaped backslash begins no escape behind it.
      const std::size_t step = line[at] == '\\' && at + 1 < line.size() ? 2 : 1;
      out += line.substr(at, step);
      at += step;
    }
  }
  return out;
}

// A line of up to kLongestLine bytes, without its end. `too_long`: it was longer, and reading it stopped there.
bool next_line(std::istream& lines, std::string& line, bool& too_long) {
  line.clear();
  for (char c = 0; lines.get(c);) {
    if (c == '\n') return true;
    too_long = line.size() == kLongestLine;
    if (too_long) return true;
    line += c;
  }
  return lines.eof() && !line.empty();
}

std::optional<Value> read_line(const std::string& line, int number, const std::string& path, Reading& reading) {
  if (!nlohmann::json::accept(line)) {
    reading.faults.add({path, number, 1},
                       "this line is not valid JSON: each holds one tenant, such as {\"handle\":\"acme\"}");
    return std::nullopt;
  }
  Faults faults;
  auto item = parse_yaml(with_whole_characters(line), path, reading.sources, faults, &kTenantLine);
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
  bool too_long = false;
  for (int number = 1; !foreign && faults.all().size() < kMostFaults && next_line(lines, line, too_long); ++number) {
    if (too_long) {
      faults.add({path, number, 1}, "this line is longer than 4 MiB: write one tenant on each line");
      break;
    }
    if (line.ends_with('\r')) line.pop_back();
    if (trim(line).empty()) continue;
    const auto item = read_line(line, number, path, reading);
    // A file whose first line is not one of a list is another file, of which one fault says enough.
    foreign = !item && listed.empty() && is_foreign(line);
    if (item) listed.push_back(read_listed_tenant(reading, *item, Clearing::allowed));
  }
  // What could be read is not all.
  if (!foreign && !too_long && faults.all().size() < kMostFaults && !lines.eof())
    faults.add({path, 1, 1}, "cannot read this to its end");
  // More likely what should have written them has failed.
  if (faults.empty() && listed.empty()) {
    faults.add({path, 1, 1}, "this holds no tenants: write one on each line, such as {\"handle\":\"acme\"}");
  }
  return finish(reading, std::move(listed));
}

}  // namespace postern::config
