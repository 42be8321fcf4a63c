#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/secret.hpp"
#include "base/unique_fd.hpp"

namespace postern::upstream {

struct ChildOptions {
  std::vector<std::string> command;                       // the program and its arguments; no shell ever reads them
  std::vector<std::pair<std::string, Secret>> variables;  // beside the few that every child gets
  std::string directory;                                  // where it runs and relative programs are looked for
  bool log_stderr = false;                                // word for word, rather than the length of each line
  // Its soft limit of open files, since the gateway raised its own (net/descriptors.hpp); 0: that of the gateway.
  std::size_t open_files = 0;
};

// The program's file as an absolute path: a name with a slash as seen from `directory`, another one from the PATH the
// child will have. Error: a sentence that names it.
Result<std::string> find_program(const ChildOptions& options);

// What a child gets, as NAME=value: PATH, HOME, the language, the place for temporary files and what else programs
// cannot do without, but nothing else of the gateway's own environment, which holds secrets; then the variables.
std::vector<std::string> child_environment(const ChildOptions& options);

// A program run in a session and process group of its own, with pipes for its three streams and no other descriptor of
// ours. When the thread that started it ends, even by `kill -9`, its input ends and the kernel sends it SIGTERM, which
// those that start others pass on. Else the owner must see to its end: signal_group(), then reap() once ended() is
// readable.
class ChildProcess {
 public:
  // Blocks until the program runs or cannot be: some milliseconds. The error is a sentence.
  static Result<ChildProcess> start(const ChildOptions& options);

  pid_t pid() const noexcept { return pid_; }
  // Our ends of its standard input, output and error, and a descriptor that is readable once it has ended.
  UniqueFd take_input() noexcept { return std::move(input_); }
  UniqueFd take_output() noexcept { return std::move(output_); }
  UniqueFd take_errors() noexcept { return std::move(errors_); }
  UniqueFd take_ended() noexcept { return std::move(ended_); }

  // To it and everything it started that stayed in its group. Only before reap(): the number may be another's then.
  void signal_group(int signal) const noexcept;
  // Of a child that has ended: how, as the end of a sentence ("with exit code 1").
  std::string reap() noexcept;

 private:
  pid_t pid_ = -1;
  UniqueFd input_;
  UniqueFd output_;
  UniqueFd errors_;
  UniqueFd ended_;
};

}  // namespace postern::upstream
