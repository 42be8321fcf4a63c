#include "store/claim.hpp"
#include "store/lost_key.hpp"
#include "store/sqlite/files/claim.hpp"
#include "store/sqlite/files/files.hpp"
#include "store/sqlite/lost_key.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "store/store.hpp"

namespace postern::store {
namespace {

Result<std::string> sqlite_path(const std::string& url) {
  constexpr std::string_view scheme = "sqlite:";
  if (!url.starts_with(scheme)) return fail(Errc::invalid, "a store is named sqlite:PATH");
  std::string path = url.substr(scheme.size());
  if (path.empty() || path.ends_with('/')) return fail(Errc::invalid, "sqlite: names no file");
  if (path.find('\0') != std::string::npos) return fail(Errc::invalid, "the path of the store holds a zero byte");
  return path;
}

}  // namespace

Result<OpenedStore> open_store(const std::string& url) {
  const auto path = sqlite_path(url);
  return path ? sqlite::open(*path, {}) : Result<OpenedStore>(path.error());
}

Result<bool> store_exists(const std::string& url) {
  const auto path = sqlite_path(url);
  return path ? Result<bool>(sqlite::has_content(*path)) : Result<bool>(path.error());
}

Result<void> check_store(const std::string& url) {
  const auto path = sqlite_path(url);
  return path ? sqlite::check_files(*path) : Result<void>(path.error());
}

Result<StoreClaim> claim_store(const std::string& url) {
  const auto path = sqlite_path(url);
  return path ? sqlite::claim(*path) : Result<StoreClaim>(path.error());
}

Result<LostWithKey> replace_lost_key(const std::string& url) {
  const auto path = sqlite_path(url);
  return path ? sqlite::replace_lost_key(*path, {}) : Result<LostWithKey>(path.error());
}

}  // namespace postern::store
