#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <system_error>

#include "base/system_error.hpp"
#include "config/load.hpp"

namespace postern::config {
namespace {

// Whatever a configuration names is small; a device or a runaway file must not fill the memory.
constexpr std::size_t kLargestFile = 4 * 1024 * 1024;

std::string reason(int error) {
  if (error == ENOENT) return "there is no such file";
  return system_message(error);
}

Result<std::string> read_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"), &std::fclose);
  if (!file) return fail(Errc::not_found, reason(errno));
  std::string text;
  std::array<char, 16 * 1024> buffer;
  while (const auto got = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    text.append(buffer.data(), got);
    if (text.size() > kLargestFile) return fail(Errc::too_large, "it is larger than 4 MiB");
  }
  if (std::ferror(file.get())) return fail(Errc::unavailable, reason(errno));
  return text;
}

bool is_yaml(const std::filesystem::path& path) {
  return !path.filename().string().starts_with('.') && (path.extension() == ".yaml" || path.extension() == ".yml");
}

// Links count as what they lead to: so do folders that Kubernetes mounts hold their files. A pipe would never end.
Result<std::vector<std::string>> list_folder(const std::string& path) {
  std::error_code error;
  std::vector<std::string> files;
  for (std::filesystem::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    std::error_code ignored;
    if (is_yaml(at->path()) && at->is_regular_file(ignored)) files.push_back(at->path().string());
  }
  if (error == std::errc::no_such_file_or_directory) return fail(Errc::not_found, "there is no such folder");
  if (error) return fail(Errc::unavailable, error.message());
  std::ranges::sort(files);
  return files;
}

std::optional<std::string> read_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value ? std::optional<std::string>(value) : std::nullopt;
}

}  // namespace

Sources system_sources() { return {&read_variable, &read_file, &list_folder}; }

}  // namespace postern::config
