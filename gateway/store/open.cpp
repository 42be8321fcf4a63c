#include "store/sqlite/sqlite_store.hpp"
#include "store/store.hpp"

namespace postern::store {

Result<OpenedStore> open_store(const std::string& url) {
  constexpr std::string_view scheme = "sqlite:";
  if (!url.starts_with(scheme)) return fail(Errc::invalid, "a store is named sqlite:PATH");
  const std::string path = url.substr(scheme.size());
  if (path.empty() || path.ends_with('/')) return fail(Errc::invalid, "sqlite: names no file");
  if (path.find('\0') != std::string::npos) return fail(Errc::invalid, "the path of the store holds a zero byte");
  return sqlite::open(path, {});
}

}  // namespace postern::store
