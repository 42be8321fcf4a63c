#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace postern::config {

// One key of the configuration file, as the reference and the schema show it. The defaults come from the structs of
// config.hpp, so what is printed is what holds.
struct Row {
  enum class Type : std::uint8_t {
    text,
    words,  // one of details.words
    truth,
    count,
    duration,
    size,
    rate,
    texts,     // a list of texts
    text_map,  // names of the file's choice, each with a text
    mapping,   // the rows below it are its keys
    list,      // a list of mappings; "path[]" begins the rows of their keys
    named,     // mappings under names of the file's choice; "path.*" begins the rows of their keys
  };

  struct Details {
    std::string fallback{};  // the default as YAML; empty: none
    std::string example{};   // shown where there is no default; for `named` the name shown
    std::vector<std::string> words{};
    bool required = false;
    bool may_be_empty = false;  // texts and lists
    bool commented = false;     // the reference shows it behind "#"
    bool served = true;         // false: refused by name
  };

  std::string path;  // "listen[].tls.certificates[].key"
  Type type = Type::text;
  std::string meaning;  // one or two sentences
  Details details{};
};

// Every key, each directly before the keys inside it.
std::vector<Row> describe();

// config/postern.reference.yaml: every key with its meaning and default; a configuration without faults.
std::string reference_yaml();
// config/postern.schema.json: JSON Schema 2020-12, for editors. What the schema refuses the reader refuses too, not the
// other way round.
std::string schema_json();

}  // namespace postern::config
