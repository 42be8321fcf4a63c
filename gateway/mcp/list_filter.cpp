#include "mcp/list_filter.hpp"

#include <utility>

#include "mcp/envelope.hpp"
#include "mcp/repair.hpp"

namespace postern::mcp {
namespace {

constexpr int kInternalError = -32603;

// An answer with one of its lists made anew. There is never more than one copy of the answer.
class ListWriter {
 public:
  ListWriter(ListKind kind, const VisibleIn& visible, Filtered& report)
      : kind_(kind), visible_(visible), report_(report) {}

  // `list` is a view into `answer`. nullopt: nothing changes.
  std::optional<std::string> write(std::string_view answer, std::string_view list) && {
    const auto begin = static_cast<std::size_t>(list.data() - answer.data());
    changed_ = list == "null";
    out_.reserve(answer.size());
    out_.append(answer.substr(0, begin)).append("[");
    empty_ = out_.size();
    for_each_entry(list, kind_, [this](const ListEntry& entry) { take(entry); });
    if (!changed_) return std::nullopt;
    out_.append("]").append(answer.substr(begin + list.size()));
    return std::move(out_);
  }

 private:
  void take(const ListEntry& entry) {
    const bool sound = entry.fault == EntryFault::none;
    if (!sound) report(entry);
    if (!sound || !visible_(kind_, entry.name)) {
      changed_ = true;
      return;
    }
    if (out_.size() > empty_) out_ += ',';
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
  std::size_t empty_ = 0;  // how long it is as long as the list has no entries
  bool changed_ = false;
};

// An answer whose lists are filtered one after the other. It is copied and read again only where one of them changes.
class AnswerFilter {
 public:
  AnswerFilter(const Envelope& answer, const VisibleIn& visible)
      : answer_(answer.text), visible_(visible), envelope_(answer) {}

  bool has_result() const noexcept { return envelope_.result.named; }

  // False: it holds no such list.
  Result<bool, JsonFault> filter(ListKind kind) {
    const auto page = find_list(envelope_, kind);
    if (!page) return page.error();
    if (!*page) return false;
    auto written = ListWriter(kind, visible_, report_).write(text(), (*page)->list);
    if (!written) return true;
    changed_ = std::move(written);
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

Result<Filtered, JsonFault> filter_list(const Envelope& answer, ListKind kind, const Visible& visible) {
  if (kind == ListKind::none || answer.text.empty()) return Filtered();
  const VisibleIn visible_in = [&visible](ListKind, std::string_view name) { return visible(name); };
  AnswerFilter filter(answer, visible_in);
  const auto found = filter.filter(kind);
  if (!found) return found.error();
  if (!*found && filter.has_result()) return JsonFault{kInternalError, "the answer to a list request has no list"};
  return std::move(filter).finish();
}

Result<Filtered, JsonFault> filter_any_list(const Envelope& answer, const VisibleIn& visible) {
  if (answer.text.empty()) return Filtered();
  AnswerFilter filter(answer, visible);
  for (const auto kind : {ListKind::tools, ListKind::resources, ListKind::resource_templates, ListKind::prompts}) {
    const auto found = filter.filter(kind);
    if (!found) return found.error();
  }
  return std::move(filter).finish();
}

std::size_t filtering_bytes(std::string_view answer, bool any_list) {
  const std::size_t copies = any_list ? 2 : 1;
  return copies * answer.size() + repaired_size(answer);
}

std::string describe(const std::vector<std::string>& examples, std::size_t all) {
  std::string out;
  for (const auto& example : examples) out += (out.empty() ? "" : "; ") + example;
  if (all > examples.size()) out += "; and " + std::to_string(all - examples.size()) + " more";
  return out;
}

}  // namespace postern::mcp
