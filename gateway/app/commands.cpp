#include "app/commands.hpp"

#include <ostream>

#include <nlohmann/json.hpp>

#include "config/load_for_command.hpp"

namespace postern::app {

int say_error(Console& console, const std::string& sentence) {
  console.err << "postern: " << sentence << '\n';
  return kNo;
}

std::string date_of(Time time) {
  const std::time_t seconds = static_cast<std::time_t>(to_seconds(time));
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%MZ", &parts));
}

int say_done(Console& console, const std::string& sentence, const nlohmann::json& value) {
  if (console.json) {
    print_json(console, value);
  } else {
    console.out << sentence << '\n';
  }
  return kDone;
}

void print_json(Console& console, const nlohmann::json& value) {
  // In ASCII: names that came from outside may hold what moves a terminal's cursor or turns its text around.
  console.out << value.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) << '\n';
}

std::string user_key(const std::string& name) { return name.find(':') == std::string::npos ? "local:" + name : name; }

const config::Member* member_in_file(const config::Config& config, const std::string& user, const std::string& handle) {
  for (const auto& tenant : config.tenants) {
    if (tenant.handle != handle) continue;
    for (const auto& member : tenant.members) {
      if (user_key(member.user) == user) return &member;
    }
  }
  return nullptr;
}

Result<store::OpenedStore> open_store(const config::Config& config, NoStore otherwise, Console& console) {
  const auto there = store::store_exists(config.store);
  if (!there) return there.error();
  if (!*there && otherwise == NoStore::refuse) {
    return fail(Errc::not_found, "there is no store at " + config.store + ", which `store` (" +
                                     to_string(config.store_at) +
                                     ") names. `postern serve` makes it, and so does the first `user add`");
  }
  auto opened = store::open_store(config.store);
  if (opened && opened->made) console.err << "postern: made a new, empty store at " << config.store << '\n';
  return opened;
}

int with_store(const std::string& config_file, Console& console, NoStore otherwise,
               const std::function<int(Opened&)>& command) {
  const auto config = config::load_for_command(config_file, config::system_sources());
  if (!config) {
    console.err << config.error().to_string();
    return kNo;
  }
  auto opened = open_store(*config, otherwise, console);
  if (!opened) return say_error(console, opened.error().what);
  const SystemClock clock;
  Opened context{*config, *opened->store, clock, opened->master_key};
  return command(context);
}

}  // namespace postern::app
