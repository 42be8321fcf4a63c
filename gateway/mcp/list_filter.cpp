#include "mcp/list_filter.hpp"

#include <utility>

#include "mcp/envelope.hpp"
#include "mcp/repair.hpp"

namespace postern::mcp {
namespace {

constexpr int kInternalError = -32603;

// One list of an answer, made anew.
class ListWriter {
 public:
  ListWriter(ListKind kind, const VisibleIn& visible, Filtered& report)
      : kind_(kind), visible_(visible), report_(report) {}

  // Valid as long as the writer; the list's own text where nothing changes.
  std::string_view write(std::string_view list) {
    changed_ = list == "null";
    out_ = "[";
    for_each_entry(list, kind_, [this](const ListEntry& entry) { take(entry); });
    out_ += ']';
    return changed_ ? std::string_view(out_) : list;
  }

 private:
  void take(const ListEntry& entry) {
    const bool sound = entry.fault == EntryFault::none;
    if (!sound) report(entry);
    if (!sound || !visible_(kind_, entry.name)) {
      changed_ = true;
      return;
    }
    if (out_.size() > 1) out_ += ',';
    out_ += entry.text;
  }

  void report(const ListEntry& entry) {
    ++report_.damaged;
    if (report_.examples.size() >= Filtered::kMostExamples) return;
    report_.examples.push_back(describe(entry, kind_, describe(entry.fault, kind_)));
  }

  ListKind kind_;
  const VisibleIn& visible_;
  Filtered& report_;
  std::string out_;
  bool changed_ = false;
};

// `part` is a view into `whole`.
std::string with_part(std::string_view whole, std::string_view part, std::string_view other) {
  const auto begin = static_cast<std::size_t>(part.data() - whole.data());
  std::string out;
  out.reserve(whole.size() - part.size() + other.size());
  return out.append(whole.substr(0, begin)).append(other).append(whole.substr(begin + part.size()));
}

// The answer with that list filtered, in `text`. False: it holds no such list.
Result<bool, JsonFault> filter_one(std::string& text, ListKind kind, const VisibleIn& visible, Filtered& report) {
  const auto page = find_list(read_envelope(text), kind);
  if (!page) return page.error();
  if (!*page) return false;
  ListWriter writer(kind, visible, report);
  const auto list = (*page)->list;
  const auto written = writer.write(list);
  if (written.data() != list.data()) text = with_part(text, list, written);
  return true;
}

// Only after the entries were judged: what damage a name had is not to be seen afterwards.
Filtered finished(std::string_view answer, std::string text, Filtered report) {
  if (auto repaired = repaired_text(text)) text = std::move(*repaired);
  if (text != answer) report.changed = std::move(text);
  return report;
}

}  // namespace

Result<Filtered, JsonFault> filter_list(std::string_view answer, ListKind kind, const Visible& visible) {
  Filtered report;
  if (kind == ListKind::none || answer.empty()) return report;
  std::string text(answer);
  const VisibleIn visible_in = [&visible](ListKind, std::string_view name) { return visible(name); };
  const auto found = filter_one(text, kind, visible_in, report);
  if (!found) return found.error();
  if (!*found && read_envelope(answer).result.named) {
    return JsonFault{kInternalError, "the answer to a list request has no list"};
  }
  return finished(answer, std::move(text), std::move(report));
}

Result<Filtered, JsonFault> filter_any_list(std::string_view answer, const VisibleIn& visible) {
  Filtered report;
  if (answer.empty()) return report;
  std::string text(answer);
  for (const auto kind : {ListKind::tools, ListKind::resources, ListKind::resource_templates, ListKind::prompts}) {
    const auto found = filter_one(text, kind, visible, report);
    if (!found) return found.error();
  }
  return finished(answer, std::move(text), std::move(report));
}

std::string describe(const std::vector<std::string>& examples, std::size_t all) {
  std::string out;
  for (const auto& example : examples) out += (out.empty() ? "" : "; ") + example;
  if (all > examples.size()) out += "; and " + std::to_string(all - examples.size()) + " more";
  return out;
}

}  // namespace postern::mcp
