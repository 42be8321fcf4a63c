#include "base/strings.hpp"
#include "config/describe/describe.hpp"
#include "config/describe/rows.hpp"

namespace postern::config {
namespace {

using Type = Row::Type;

constexpr std::size_t kWidth = 112;
constexpr std::string_view kHead =
    R"(# yaml-language-server: $schema=postern.schema.json
#
# Every key of a Postern configuration with its default. Generated from the program: do not edit, copy from it.
#
# ${NAME} and ${NAME:-default} are filled in from the environment, {file: PATH} from a file; where a list is expected
# the value splits on commas. Durations are written 500ms, 30s, 10m, 12h or 30d, sizes 512, 16KiB, 4MiB or 1GiB. Paths
# are seen from this file's folder. Unknown keys are errors. A key behind # has no default: it is shown with an example.
)";

class Writer {
 public:
  explicit Writer(const std::vector<Row>& rows) : rows_(rows) {}

  std::string write() {
    text_ = kHead;
    for (const auto* row : children(rows_, "")) {
      text_ += "\n";
      key(*row, "", "");
    }
    return std::move(text_);
  }

 private:
  // `margin` stands before every line, `indent` before the key: "    # " and "  " inside what is commented out.
  void key(const Row& row, const std::string& margin, const std::string& indent) {
    if (!row.details.served) {
      comment(margin + indent, key_of(row) + ": not supported yet. " + row.meaning);
      return;
    }
    comment(margin + indent, row.meaning + note(row));
    const std::string inner_margin = row.details.commented ? margin + indent + "# " : margin;
    const std::string inner_indent = row.details.commented ? "" : indent;
    const auto value = row.details.fallback.empty() ? row.details.example : row.details.fallback;
    if (inside(row).empty()) {
      text_ += inner_margin + inner_indent + key_of(row) + ": " + value + "\n";
      return;
    }
    text_ += inner_margin + inner_indent + key_of(row) + ":\n";
    std::string below = inner_indent + "  ";
    if (row.type != Type::mapping) {
      text_ += inner_margin + below + (row.type == Type::list ? "-" : row.details.example + ":") + "\n";
      below += "  ";
    }
    for (const bool served : {true, false}) {
      for (const auto* child : children(rows_, inside(row))) {
        if (child->details.served == served) key(*child, inner_margin, below);
      }
    }
  }

  static std::string note(const Row& row) {
    if (row.details.required) return " Required.";
    if (row.type == Type::words && row.details.words.size() == 1) return " Nothing else yet.";
    if (row.type == Type::words) return " One of " + join(row.details.words, ", ") + ".";
    return {};
  }

  void comment(const std::string& margin, const std::string& sentence) {
    std::string line = margin + "#";
    for (const auto& word : split_words(sentence)) {
      if (line.size() + 1 + word.size() > kWidth) {
        text_ += line + "\n";
        line = margin + "#";
      }
      line += " " + word;
    }
    text_ += line + "\n";
  }

  const std::vector<Row>& rows_;
  std::string text_;
};

}  // namespace

std::string reference_yaml() {
  const auto rows = describe();
  return Writer(rows).write();
}

}  // namespace postern::config
