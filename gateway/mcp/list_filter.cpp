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

// An answer whose lists are filtered one after the other. It is copied and read again only where one of them changes.
class AnswerFilter {
 public:
  AnswerFilter(std::string_view answer, const VisibleIn& visible)
      : answer_(answer), visible_(visible), envelope_(read_envelope(answer)) {}

  bool has_result() const noexcept { return envelope_.result.named; }

  // False: it holds no such list.
  Result<bool, JsonFault> filter(ListKind kind) {
    const auto page = find_list(envelope_, kind);
    if (!page) return page.error();
    if (!*page) return false;
    ListWriter writer(kind, visible_, report_);
    const auto list = (*page)->list;
    const auto written = writer.write(list);
    if (written.data() == list.data()) return true;
    changed_ = with_part(text(), list, written);
    envelope_ = read_envelope(*changed_);
    return true;
  }

  // Repairs only after the entries were judged: afterwards the damage of a name cannot be seen any more.
  Filtered finish() && {
    if (auto repaired = repaired_text(text())) changed_ = std::move(repaired);
    report_.changed = std::move(changed_);
    return std::move(report_);
  }

 private:
  std::string_view text() const noexcept { return changed_ ? std::string_view(*changed_) : answer_; }

  std::string_view answer_;
  const VisibleIn& visible_;
  std::optional<std::string> changed_;
  Envelope envelope_;  // of text()
  Filtered report_;
};

}  // namespace

Result<Filtered, JsonFault> filter_list(std::string_view answer, ListKind kind, const Visible& visible) {
  if (kind == ListKind::none || answer.empty()) return Filtered();
  const VisibleIn visible_in = [&visible](ListKind, std::string_view name) { return visible(name); };
  AnswerFilter filter(answer, visible_in);
  const auto found = filter.filter(kind);
  if (!found) return found.error();
  if (!*found && filter.has_result()) return JsonFault{kInternalError, "the answer to a list request has no list"};
  return std::move(filter).finish();
}

Result<Filtered, JsonFault> filter_any_list(std::string_view answer, const VisibleIn& visible) {
  if (answer.empty()) return Filtered();
  AnswerFilter filter(answer, visible);
  for (const auto kind : {ListKind::tools, ListKind::resources, ListKind::resource_templates, ListKind::prompts}) {
    const auto found = filter.filter(kind);
    if (!found) return found.error();
  }
  return std::move(filter).finish();
}

std::string describe(const std::vector<std::string>& examples, std::size_t all) {
  std::string out;
  for (const auto& example : examples) out += (out.empty() ? "" : "; ") + example;
  if (all > examples.size()) out += "; and " + std::to_string(all - examples.size()) + " more";
  return out;
}

}  // namespace postern::mcp
