#include "upstream/duplex/channels/child_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "base/strings.hpp"
#include "base/system_error.hpp"

namespace postern::upstream {

namespace {

// What programs cannot do without, and nothing that could be a secret of ours.
constexpr std::array kInherited = {"PATH", "HOME",   "USER",     "LOGNAME", "SHELL", "TERM",
                                   "LANG", "LC_ALL", "LC_CTYPE", "TZ",      "TMPDIR"};
constexpr auto* kUsualPath = "/usr/local/bin:/usr/bin:/bin";
constexpr int kReportFd = 3;  // in the child: where it says that it could not run the program

std::string path_of(const ChildOptions& options) {
  for (const auto& [name, value] : options.variables) {
    if (name == "PATH") return std::string(value.reveal());
  }
  const char* own = std::getenv("PATH");
  return own == nullptr ? kUsualPath : own;
}

bool is_program(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(path.c_str(), X_OK) == 0;
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;

  static Result<Pipe> make() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail(Errc::busy, "cannot make a pipe: " + system_message(errno));
    return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  }
};

// Everything the child needs between fork and exec, where no memory may be taken any more.
struct Launch {
  const char* program;
  char* const* arguments;
  char* const* environment;
  const char* directory;
  int input;
  int output;
  int errors;
  int report;
  pid_t parent;
  rlimit files;
};

// Only async-signal-safe calls: other threads may have held locks when the process was copied.
[[noreturn]] void become(const Launch& launch) noexcept {
  const auto give_up = [&launch] {
    const int error = errno;
    [[maybe_unused]] const auto sent = ::write(launch.report, &error, sizeof error);
    ::_exit(127);
  };
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGXFSZ, SIG_DFL);
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != launch.parent) ::_exit(127);  // it ended before the kernel was told
  // Out of the way of 0 to 3, whatever numbers the pipes were given.
  const int input = ::fcntl(launch.input, F_DUPFD, 16);
  const int output = ::fcntl(launch.output, F_DUPFD, 16);
  const int errors = ::fcntl(launch.errors, F_DUPFD, 16);
  const int report = ::fcntl(launch.report, F_DUPFD, 16);
  if (input < 0 || output < 0 || errors < 0 || report < 0) give_up();
  if (::dup2(input, 0) < 0 || ::dup2(output, 1) < 0 || ::dup2(errors, 2) < 0) give_up();
  if (::dup3(report, kReportFd, O_CLOEXEC) < 0) give_up();
  // Sockets of clients and of listeners are none of its business.
  if (::syscall(SYS_close_range, kReportFd + 1, ~0U, 0) != 0) {
    for (int fd = kReportFd + 1; fd < 65536; ++fd) ::close(fd);
  }
  // It may use select(2), which breaks on descriptors from 1,024 on.
  ::setrlimit(RLIMIT_NOFILE, &launch.files);
  int error = 0;
  if (::chdir(launch.directory) == 0) ::execve(launch.program, launch.arguments, launch.environment);
  error = errno;
  [[maybe_unused]] const auto sent = ::write(kReportFd, &error, sizeof error);
  ::_exit(127);
}

rlimit files_for(const ChildOptions& options) noexcept {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (options.open_files > 0 && options.open_files < limit.rlim_cur) limit.rlim_cur = options.open_files;
  return limit;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// 0 when the program runs; else why it does not.
int read_report(int fd) noexcept {
  int error = 0;
  for (;;) {
    const auto got = ::read(fd, &error, sizeof error);
    if (got < 0 && errno == EINTR) continue;
    return got == sizeof error ? error : 0;
  }
}

}  // namespace

Result<std::string> find_program(const ChildOptions& options) {
  const std::string& name = options.command.front();
  if (name.find('/') != std::string::npos) {
    const auto path = name.front() == '/' ? name : options.directory + "/" + name;
    if (is_program(path)) return path;
    return fail(Errc::not_found, "there is no program at " + path);
  }
  const auto searched = path_of(options);
  for (const auto folder : split(searched, ':')) {
    if (!folder.starts_with('/')) continue;  // a relative one would depend on where the gateway was started
    const auto path = std::string(folder) + "/" + name;
    if (is_program(path)) return path;
  }
  return fail(Errc::not_found, "there is no program `" + name + "` in PATH");
}

std::vector<std::string> child_environment(const ChildOptions& options) {
  std::vector<std::string> out;
  const auto given = [&options](std::string_view name) {
    return std::any_of(options.variables.begin(), options.variables.end(),
                       [name](const auto& variable) { return variable.first == name; });
  };
  for (const auto* name : kInherited) {
    const char* value = std::getenv(name);
    if (value != nullptr && !given(name)) out.push_back(std::string(name) + "=" + value);
  }
  if (std::getenv("PATH") == nullptr && !given("PATH")) out.push_back(std::string("PATH=") + kUsualPath);
  for (const auto& [name, value] : options.variables) out.push_back(name + "=" + std::string(value.reveal()));
  return out;
}

Result<ChildProcess> ChildProcess::start(const ChildOptions& options) {
  const auto program = find_program(options);
  if (!program) return program.error();
  auto input = Pipe::make();
  auto output = Pipe::make();
  auto errors = Pipe::make();
  auto report = Pipe::make();
  for (const auto* pipe : {&input, &output, &errors, &report}) {
    if (!*pipe) return pipe->error();
  }
  auto arguments = options.command;
  auto environment = child_environment(options);
  const auto argv = pointers(arguments);
  const auto envp = pointers(environment);
  const Launch launch{program->c_str(),  argv.data(),         envp.data(),         options.directory.c_str(),
                      input->read.get(), output->write.get(), errors->write.get(), report->write.get(),
                      ::getpid(),        files_for(options)};
  ChildProcess child;
  child.pid_ = ::fork();
  if (child.pid_ < 0) return fail(Errc::busy, "cannot start a process: " + system_message(errno));
  if (child.pid_ == 0) become(launch);

  report->write.reset();
  if (const int error = read_report(report->read.get()); error != 0) {
    ::waitpid(child.pid_, nullptr, 0);
    return fail(Errc::unavailable,
                "cannot run " + *program + " in " + options.directory + ": " + system_message(error));
  }
  child.ended_.reset(static_cast<int>(::syscall(SYS_pidfd_open, child.pid_, 0)));
  if (!child.ended_) {
    const int error = errno;
    ::kill(-child.pid_, SIGKILL);
    ::waitpid(child.pid_, nullptr, 0);
    return fail(Errc::unavailable, "cannot watch a process: " + system_message(error));
  }
  child.input_ = std::move(input->write);
  child.output_ = std::move(output->read);
  child.errors_ = std::move(errors->read);
  return child;
}

void ChildProcess::signal_group(int signal) const noexcept {
  if (pid_ > 0) ::kill(-pid_, signal);
}

std::string ChildProcess::reap() noexcept {
  int status = 0;
  pid_t got = 0;
  do got = ::waitpid(pid_, &status, 0);
  while (got < 0 && errno == EINTR);
  pid_ = -1;
  if (got < 0) return "in a way that is not known";
  if (WIFSIGNALED(status)) return "by signal " + std::to_string(WTERMSIG(status));
  return "with exit code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace postern::upstream
