#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "crypto/random.hpp"
#include "store/store.hpp"

namespace postern::tests {

// In memory where the system has a folder of that kind: nothing here is about disks, and a store waits for its disk at
// each change.
inline std::filesystem::path new_folder() {
  std::error_code none;
  const bool in_memory = std::filesystem::is_directory("/dev/shm", none);
  auto folder = (in_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path()) /
                ("postern-test-" + crypto::random_token(8));
  std::filesystem::create_directory(folder);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
  return folder;
}

// A folder of its own, gone with the object.
class TestFolder {
 public:
  TestFolder() : path(new_folder()) {}
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;

  const std::filesystem::path path;
};

inline std::unique_ptr<store::Store> open_in(const TestFolder& folder) {
  auto opened = store::open_store("sqlite:" + (folder.path / "test.db").string());
  if (!opened) throw std::runtime_error("cannot open the test store: " + opened.error().what);
  return std::move(opened->store);
}

// A SQLite store. All of a program are copies of an empty one, since making its tables takes longer than most tests.
class TestStore {
 public:
  TestStore() {
    static const TestFolder empty;
    static const bool made = open_in(empty) != nullptr;
    if (made) std::filesystem::copy(empty.path, folder_.path, std::filesystem::copy_options::recursive);
    store_ = open_in(folder_);
  }
  TestStore(const TestStore&) = delete;
  TestStore& operator=(const TestStore&) = delete;

  store::Store& operator*() { return *store_; }
  store::Store* operator->() { return store_.get(); }

 private:
  TestFolder folder_;
  std::unique_ptr<store::Store> store_;
};

}  // namespace postern::tests
