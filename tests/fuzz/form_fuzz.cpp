// Forms, in bodies and queries. What is accepted is text, and says the same when it is written again.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/encoding.hpp"
#include "http/form.hpp"
#include "require.hpp"

namespace {

using namespace postern;
using namespace postern::http;

std::size_t count_of(const Form& form, std::string_view name) {
  std::size_t count = 0;
  for (const auto& pair : form.pairs()) count += pair.first == name ? 1U : 0U;
  return count;
}

void check_pairs(const Form& form, const FormLimits& limits) {
  require(form.pairs().size() <= limits.pairs, "no more pairs than allowed");
  for (const auto& [name, value] : form.pairs()) {
    require(name.size() <= limits.name && value.size() <= limits.value, "names and values are within their limits");
    require(is_valid_utf8(name) && is_valid_utf8(value), "a form is text");
    require(name.find('\0') == std::string::npos && value.find('\0') == std::string::npos, "without NUL");
    require(form.get(name).has_value(), "what is there is found");
    require(form.get_all(name).size() == count_of(form, name), "as often as it is there");
    require(count_of(form, name) == 1 || name.empty() || !form.repeated().empty(), "what stands twice is told");
    require(name.empty() || form.repeated({name}) != name, "unless it may");
  }
  const auto repeated = form.repeated();
  require(repeated.empty() || count_of(form, repeated) > 1, "and nothing else is");
}

void check_form(std::string_view input, const FormLimits& limits) {
  const auto form = Form::parse(input, limits);
  if (!form) {
    require(form.error().code == Errc::invalid || form.error().code == Errc::too_large, "a fault of the form's");
    return;
  }
  check_pairs(*form, limits);
  const auto again = Form::parse(encode_form(form->pairs()), limits);
  require(again && again->pairs() == form->pairs(), "a form written is read as the same");
}

void check_percent(std::string_view input) {
  require(percent_decode(percent_encode(input)) == std::string(input), "what is encoded is decoded");
  const auto decoded = percent_decode(input);
  require(!decoded || percent_decode(percent_encode(*decoded)) == decoded, "what is decoded can be encoded");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_form(input, {});
  check_form(input, {.pairs = 3, .name = 5, .value = 9});
  check_percent(input);
  return 0;
}
