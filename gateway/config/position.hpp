#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::config {

// Where in a file something stands. Lines and columns count from 1.
struct Position {
  std::string file;
  int line = 1;
  int column = 1;
};

// "file:line:column".
std::string to_string(const Position& at);

struct Fault {
  Position at;
  std::string what;  // a sentence that says what to do
};

// Everything wrong with a configuration, in one go.
class Faults {
 public:
  void add(const Position& at, std::string what) { faults_.push_back({at, std::move(what)}); }
  // Takes back what turned out to be a consequence of another fault. Nothing happens when there is no such fault.
  void retract(const Position& at, std::string_view what);
  // Takes back all that came after the first `count`.
  void retract_from(std::size_t count) { faults_.resize(std::min(count, faults_.size())); }
  bool empty() const noexcept { return faults_.empty(); }
  const std::vector<Fault>& all() const noexcept { return faults_; }
  // "file:line:column: what", one a line, in order of position.
  std::string to_string() const;

 private:
  std::vector<Fault> faults_;
};

}  // namespace postern::config
