#include "mcp/task_ids.hpp"

#include <set>
#include <vector>

#include "mcp/answer.hpp"
#include "mcp/json_members.hpp"
#include "mcp/json_scanner.hpp"

namespace postern::mcp {
namespace {

using nlohmann::json;
using Path = std::vector<std::string_view>;

// Every key of these messages that leads to an id holds it: most messages need no closer look.
bool may_name_task(std::string_view text) noexcept {
  return text.find("ask") != std::string_view::npos || text.find("\\u") != std::string_view::npos;
}

MemberText member_at(std::string_view object, const Path& path) {
  MemberText found{object, true};
  for (const auto name : path) {
    const bool plain = found.plain;
    found = find_member(found.text, name);
    found.plain = found.plain && plain;
  }
  return found;
}

std::string_view value_at(std::string_view object, const Path& path) { return member_at(object, path).text; }

Path operator+(Path path, std::string_view name) {
  path.push_back(name);
  return path;
}

// Without making values of them, since a server may list as many as it likes.
template <class See>
void for_each_element(std::string_view array, const See& see) {
  JsonScanner scanner(array);
  if (!scanner.take('[') || scanner.take(']')) return;
  do {
    const auto each = scanner.value(kDeepestMessage);
    if (!each) return;
    see(*each);
  } while (scanner.take(','));
}

// Collects what changes in one message.
class IdEditor {
 public:
  enum class From : unsigned char { client, server };
  IdEditor(std::string_view text, const TaskIdMap& map, From from) : text_(text), map_(map), from_(from) {}

  // The id at this path. False: it is there, and not known.
  bool id(const Path& path) { return id(path, map_); }
  bool id(const Path& path, const TaskIdMap& map) {
    const auto [value, plain] = member_at(text_, path);
    if (value.empty()) return true;
    if (!plain && from_ == From::server) {
      remove(path);
      return false;
    }
    const auto other = mapped(value, map);
    if (other) edits_.push_back({path, json(*other).dump()});
    return other.has_value();
  }

  // `parent`: `_meta`, or what holds it. False: it is related to a task that is not known.
  bool related(const Path& meta) {
    const auto path = meta + kRelatedTask;
    const auto value = value_at(text_, path);
    if (value.empty() || is_json_object(value)) return id(path + "taskId");
    return mapped(value, map_).has_value();
  }

  // A list of ids. Of a server those that are not known are left out.
  void ids(const Path& path) {
    const auto [value, plain] = member_at(text_, path);
    if (value.empty()) return;
    if (!plain && from_ == From::server) return remove(path);
    if (!value.starts_with('[')) {
      (void)mapped(value, map_);
      return;
    }
    std::string others;
    std::set<std::string> seen;
    bool changed = false;
    for_each_element(value, [&](std::string_view each) {
      const auto other = mapped(each, map_);
      const bool kept = other ? from_ == From::client || seen.insert(*other).second : from_ == From::client;
      changed = changed || other || !kept;
      if (kept) others += (others.empty() ? "" : ",") + (other ? json(*other).dump() : std::string(each));
    });
    if (changed) edits_.push_back({path, "[" + others + "]"});
  }

  void remove(const Path& path) { edits_.push_back({path, std::nullopt}); }

  std::optional<std::string> finish() const {
    if (edits_.empty()) return std::nullopt;
    return edited(text_, edits_);
  }

 private:
  static std::optional<std::string> mapped(std::string_view value, const TaskIdMap& map) {
    if (!value.starts_with('"')) return map(value);
    const auto id = string_of(value);
    return id ? map(*id) : std::nullopt;
  }

  std::string_view text_;
  const TaskIdMap& map_;
  From from_;
  std::vector<Edit> edits_;
};

std::string text_of(std::string_view value) {
  return value.starts_with('"') ? string_of(value).value_or(std::string()) : std::string();
}

bool is_about_status(std::string_view method) noexcept {
  return method == "notifications/tasks/status" || method == "notifications/tasks";
}

void edit_result(IdEditor& editor, const Envelope& answer, const TaskRequest& asked, const TaskIdMap& made) {
  const bool is_own = !asked.id.is_null() && answer.id_value() == asked.id;
  if (is_own && asked.may_make) {
    // MCP 2025-11-25 has a whole task in the result; in the extension the result is the task.
    editor.id({"result", "task", "taskId"}, made);
    if (text_of(value_at(answer.result.text, {"resultType"})) == "task") editor.id({"result", "taskId"}, made);
  } else if (is_own) {
    editor.id({"result", "taskId"});
  }
  if (!editor.related({"result", "_meta"})) editor.remove({"result", "_meta", kRelatedTask});
}

}  // namespace

bool asks_for_task(const Message& request) {
  if (request.kind != MessageKind::request || !request.params.is_object()) return false;
  if (present_member(request.params, "task") != nullptr) return true;
  const auto* at = &request.params;
  for (const auto name :
       {std::string_view("_meta"), kClientCapabilities, std::string_view("extensions"), kTasksExtension}) {
    at = at->is_object() ? present_member(*at, std::string(name).c_str()) : nullptr;
    if (at == nullptr) return false;
  }
  return true;
}

std::optional<std::string> with_client_task_ids(std::string_view body, const Message& message, const TaskIdMap& open) {
  if (!may_name_task(body)) return std::nullopt;
  IdEditor editor(body, open, IdEditor::From::client);
  if (message.kind == MessageKind::response) {
    editor.related({"result", "_meta"});
    return editor.finish();
  }
  if (message.method.starts_with("tasks/") || is_about_status(message.method)) editor.id({"params", "taskId"});
  editor.related({"params", "_meta"});
  editor.ids({"params", "_meta", kRelatedTaskIds});
  if (message.method == "subscriptions/listen") editor.ids({"params", "notifications", "taskIds"});
  return editor.finish();
}

std::optional<std::string> with_server_task_ids(const Envelope& envelope, const TaskRequest& asked,
                                                const TaskIdMap& known, const TaskIdMap& made) {
  if (!may_name_task(envelope.text) || !envelope.is_whole()) return std::nullopt;
  IdEditor editor(envelope.text, known, IdEditor::From::server);
  if (!envelope.has_method()) {
    edit_result(editor, envelope, asked, made);
    return editor.finish();
  }
  const auto method = text_of(envelope.method.text);
  // A request for the status of a task is about one that the client holds.
  if (is_about_status(method) && !editor.id({"params", "taskId"})) return std::string();
  if (method == "notifications/subscriptions/acknowledged") editor.ids({"params", "notifications", "taskIds"});
  if (!editor.related({"params", "_meta"})) editor.remove({"params", "_meta", kRelatedTask});
  return editor.finish();
}

}  // namespace postern::mcp
