#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "crypto/random.hpp"
#include "store/store.hpp"

namespace postern::tests {

// A SQLite store in a folder of its own, gone with the object.
class TestStore {
 public:
  TestStore() : folder_(std::filesystem::temp_directory_path() / ("postern-test-" + crypto::random_token(8))) {
    std::filesystem::create_directory(folder_);
    std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
    auto opened = store::open_store("sqlite:" + (folder_ / "test.db").string());
    if (!opened) throw std::runtime_error("cannot open the test store: " + opened.error().what);
    store_ = std::move(opened->store);
  }
  ~TestStore() {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  TestStore(const TestStore&) = delete;
  TestStore& operator=(const TestStore&) = delete;

  store::Store& operator*() { return *store_; }
  store::Store* operator->() { return store_.get(); }

 private:
  std::filesystem::path folder_;
  std::unique_ptr<store::Store> store_;
};

}  // namespace postern::tests
