#include "upstream/duplex/channels/child_process.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>

namespace postern::upstream {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

ChildOptions shell(const std::string& script) { return {{"sh", "-c", script}, {}, "/", false}; }

// Everything the child writes; it is ended and reaped.
std::string output_of(const ChildOptions& options) {
  auto child = ChildProcess::start(options);
  if (!child) return child.error().what;
  child->take_input().reset();
  const auto output = child->take_output();
  std::string all;
  char buffer[4096];
  for (auto got = ::read(output.get(), buffer, sizeof buffer); got > 0;
       got = ::read(output.get(), buffer, sizeof buffer))
    all.append(buffer, static_cast<std::size_t>(got));
  const auto ended = child->take_ended();
  pollfd waiting{ended.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 10'000), 1) << "the child does not end";
  return all + child->reap();
}

TEST(ChildProcess, GetsItsArgumentsAsTheyAreAndRunsWhereItIsTold) {
  const ChildOptions options{{"printf", "%s|", "a b", "$HOME", "; exit 3", "*"}, {}, "/usr", false};
  EXPECT_EQ(output_of(options), "a b|$HOME|; exit 3|*|with exit code 0");
  auto directory = shell("pwd");
  directory.directory = "/usr";
  EXPECT_EQ(output_of(directory), "/usr\nwith exit code 0");
}

// A gateway's environment holds the secrets that its configuration names.
TEST(ChildProcess, GetsNothingOfOurEnvironmentThatItIsNotGiven) {
  ::setenv("POSTERN_TEST_SECRET", "hunter2", 1);
  auto options = shell("env");
  options.variables = {{"API_KEY", Secret("given")}, {"HOME", Secret("/elsewhere")}};
  const auto all = output_of(options);
  ::unsetenv("POSTERN_TEST_SECRET");
  EXPECT_THAT(all, AllOf(HasSubstr("API_KEY=given\n"), HasSubstr("HOME=/elsewhere\n"), HasSubstr("PATH=")));
  EXPECT_THAT(all, Not(HasSubstr("hunter2")));
}

// Sockets of clients and listeners, opened by whatever part without close-on-exec.
TEST(ChildProcess, InheritsNoDescriptor) {
  const int open = ::open("/dev/null", O_RDONLY);
  ASSERT_GE(open, 3);
  EXPECT_EQ(output_of(shell("for fd in /proc/self/fd/*; do [ \"$fd\" -ef /dev/null ] && echo leaked; done; true")),
            "with exit code 0");
  ::close(open);
}

TEST(ChildProcess, LeadsASessionOfItsOwnWithSignalsAsUsual) {
  EXPECT_EQ(output_of(shell("read -r pid comm state ppid pgrp session rest < /proc/self/stat; [ $$ = $pgrp ] && "
                            "[ $$ = $session ] && echo own")),
            "own\nwith exit code 0");
  // SIGPIPE, which we ignore, ends it.
  ::signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(output_of(shell("kill -PIPE $$; echo survived")), "by signal 13");
}

// The gateway raises its own, but a program that uses select(2) breaks on descriptors from 1,024 on.
TEST(ChildProcess, Attack10HasTheLimitOfOpenFilesThatTheGatewayWasStartedWith) {
  auto options = shell("ulimit -Sn; ulimit -Hn");
  rlimit ours{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &ours), 0);
  const auto hard = ours.rlim_max == RLIM_INFINITY ? "unlimited" : std::to_string(ours.rlim_max);
  options.open_files = 123;
  EXPECT_EQ(output_of(options), "123\n" + hard + "\nwith exit code 0");
  options.open_files = 0;
  const auto soft = ours.rlim_cur == RLIM_INFINITY ? "unlimited" : std::to_string(ours.rlim_cur);
  EXPECT_EQ(output_of(options), soft + "\n" + hard + "\nwith exit code 0");
}

TEST(ChildProcess, ThatCannotRunSaysWhy) {
  EXPECT_THAT(output_of({{"no-such-program-anywhere"}, {}, "/"}), HasSubstr("there is no program `no-such-program"));
  EXPECT_THAT(output_of({{"./no-such-program"}, {}, "/usr"}), HasSubstr("there is no program at /usr/./no-such"));
  EXPECT_THAT(output_of({{"/etc"}, {}, "/"}), HasSubstr("there is no program at /etc"));
  EXPECT_THAT(output_of({{"true"}, {}, "/no/such/folder"}), HasSubstr("in /no/such/folder: No such file"));
}

TEST(ChildProcess, IsSignalledWithAllItStarted) {
  auto child = ChildProcess::start(shell("sleep 1000 & echo $!; wait"));
  ASSERT_TRUE(child) << child.error().what;
  char buffer[64] = {};
  const auto output = child->take_output();
  ASSERT_GT(::read(output.get(), buffer, sizeof buffer - 1), 0);
  const pid_t grandchild = std::atoi(buffer);
  ASSERT_EQ(::kill(grandchild, 0), 0);
  child->signal_group(SIGKILL);
  EXPECT_EQ(child->reap(), "by signal 9");
  // Its end is seen by that of the pipe it held.
  EXPECT_EQ(::read(output.get(), buffer, sizeof buffer), 0);
}

}  // namespace
}  // namespace postern::upstream
