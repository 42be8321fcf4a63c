#include "mcp/task_ids.hpp"

#include <vector>

#include "mcp/envelope.hpp"
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

std::string_view value_at(std::string_view object, const Path& path) {
  for (const auto name : path) object = find_member(object, name).text;
  return object;
}

Path operator+(Path path, std::string_view name) {
  path.push_back(name);
  return path;
}

// Collects what changes in one message.
class IdEditor {
 public:
  IdEditor(std::string_view text, const TaskIdMap& map) : text_(text), map_(map) {}

  // The id at this path. False: it is there, and not known.
  bool id(const Path& path) { return id(path, map_); }
  bool id(const Path& path, const TaskIdMap& map) {
    const auto value = value_at(text_, path);
    if (value.empty()) return true;
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

  // A list of ids. Those that are not known are kept or left out.
  void ids(const Path& path, bool keep_unknown) {
    const auto value = value_at(text_, path);
    const auto listed = value.starts_with('[') ? json::parse(value, nullptr, false) : json();
    if (!listed.is_array()) {
      if (!value.empty()) (void)mapped(value, map_);
      return;
    }
    auto others = json::array();
    for (const auto& each : listed) {
      const auto* text = each.get_ptr<const std::string*>();
      const auto other = map_(text != nullptr ? *text : each.dump());
      if (other) {
        others.push_back(*other);
      } else if (keep_unknown) {
        others.push_back(each);
      }
    }
    if (others != listed) edits_.push_back({path, others.dump()});
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
  IdEditor editor(body, open);
  if (message.kind == MessageKind::response) {
    editor.related({"result", "_meta"});
    return editor.finish();
  }
  if (message.method.starts_with("tasks/") || is_about_status(message.method)) editor.id({"params", "taskId"});
  editor.related({"params", "_meta"});
  editor.ids({"params", "_meta", kRelatedTaskIds}, true);
  if (message.method == "subscriptions/listen") editor.ids({"params", "notifications", "taskIds"}, true);
  return editor.finish();
}

std::optional<std::string> with_server_task_ids(std::string_view text, const TaskRequest& asked, const TaskIdMap& known,
                                                const TaskIdMap& made) {
  if (!may_name_task(text)) return std::nullopt;
  const auto envelope = read_envelope(text);
  if (!envelope.is_whole()) return std::nullopt;
  IdEditor editor(text, known);
  if (!envelope.has_method()) {
    edit_result(editor, envelope, asked, made);
    return editor.finish();
  }
  const auto method = text_of(envelope.method.text);
  // A request for the status of a task is about one that the client holds.
  if (is_about_status(method) && !editor.id({"params", "taskId"})) return std::string();
  if (method == "notifications/subscriptions/acknowledged") editor.ids({"params", "notifications", "taskIds"}, false);
  if (!editor.related({"params", "_meta"})) editor.remove({"params", "_meta", kRelatedTask});
  return editor.finish();
}

}  // namespace postern::mcp
