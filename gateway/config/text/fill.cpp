#include "config/text/fill.hpp"

#include "base/encoding.hpp"
#include "config/load.hpp"

namespace postern::config {
namespace {

bool is_name(std::string_view text) noexcept {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  if (text.empty() || !letter(text.front())) return false;
  for (const char c : text) {
    if (!letter(c) && !(c >= '0' && c <= '9')) return false;
  }
  return true;
}

// What stands between the braces, "NAME" or "NAME:-default", becomes its value.
std::optional<std::string> look_up(std::string_view inside, const Position& at, const Sources& sources,
                                   Faults& faults) {
  const auto mark = inside.find(":-");
  const std::string name(inside.substr(0, mark));
  if (!is_name(name) || inside.find("${") != std::string_view::npos) {
    faults.add(at,
               "only ${NAME} and ${NAME:-default} are filled in, with letters, digits and _ in NAME and no ${ in "
               "default; for a literal ${ write $${");
    return std::nullopt;
  }
  auto value = sources.variable(name);
  if (mark != std::string_view::npos && (!value || value->empty())) return std::string(inside.substr(mark + 2));
  if (!value) {
    faults.add(at, "the variable `" + name + "` is not set: set it, or write ${" + name + ":-default}");
  } else if (!is_valid_utf8(*value)) {
    faults.add(at, "the variable `" + name + "` does not hold UTF-8 text");
    return std::nullopt;
  }
  return value;
}

}  // namespace

void fill(Value& value, const Sources& sources, Faults& faults) {
  const std::string text = std::move(value.scalar);
  value.scalar.clear();
  std::size_t done = 0;
  for (auto start = text.find("${"); start != std::string::npos; start = text.find("${", done)) {
    if (start > done && text[start - 1] == '$') {
      value.scalar += text.substr(done, start - 1 - done) + "${";
      done = start + 2;
      continue;
    }
    value.scalar += text.substr(done, start - done);
    const auto end = text.find('}', start);
    if (end == std::string::npos) {
      faults.add(value.at, "a ${ without its }; for a literal ${ write $${");
      return;
    }
    const auto found = look_up(std::string_view(text).substr(start + 2, end - start - 2), value.at, sources, faults);
    if (!found) return;
    value.scalar += *found;
    value.filled = true;
    done = end + 1;
  }
  value.scalar += text.substr(done);
}

}  // namespace postern::config
