#include "telemetry/line_writer.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <thread>
#include <vector>

namespace postern::telemetry {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A pipe whose reader is the test.
class Pipe {
 public:
  Pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader_.reset(ends[0]);
    writer_.reset(ends[1]);
  }

  Sink sink() const { return *Sink::open("/proc/self/fd/" + std::to_string(writer_.get())); }

  // The lines that came, up to `count`.
  std::vector<std::string> read(std::size_t count) {
    std::vector<std::string> lines;
    char byte = 0;
    std::string line;
    while (lines.size() < count && ::read(reader_.get(), &byte, 1) == 1) {
      if (byte != '\n') {
        line += byte;
      } else {
        lines.push_back(std::move(line));
        line.clear();
      }
    }
    return lines;
  }
  void stop_reading() { reader_.reset(); }

 private:
  UniqueFd reader_;
  UniqueFd writer_;
};

std::string numbered(std::size_t number, std::size_t size = 200) {
  auto line = std::to_string(number);
  return line + " " + std::string(size - line.size() - 1, '.');
}

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

std::filesystem::path fresh_file(const char* name) {
  auto file = std::filesystem::path(testing::TempDir()) / (std::string(name) + std::to_string(::getpid()));
  std::filesystem::remove(file);
  return file;
}

void wait_until(const std::function<bool()>& reached) {
  const auto end = std::chrono::steady_clock::now() + seconds(20);
  while (!reached() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(milliseconds(1));
  ASSERT_TRUE(reached());
}

TEST(LineWriter, WritesLinesInTheOrderInWhichTheyCame) {
  Pipe pipe;
  LineWriter writer(pipe.sink());
  writer.put("a", Keep::if_quiet);
  writer.put("b", Keep::always);
  writer.put("c", Keep::if_room);
  EXPECT_EQ(pipe.read(3), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_TRUE(writer.flush(seconds(5)));
  EXPECT_FALSE(writer.fault());
}

TEST(LineWriter, GoesOnInANewFileOnceTheOldOneWasRenamed) {
  const auto file = fresh_file("reopened");
  const auto old = fresh_file("rotated");
  LineWriter writer(Sink::open(file.string()).value());
  writer.put("before", Keep::always);
  ASSERT_TRUE(writer.flush(seconds(20)));
  std::filesystem::rename(file, old);
  writer.put("renamed", Keep::always);
  ASSERT_TRUE(writer.flush(seconds(20)));
  writer.reopen();
  writer.put("after", Keep::always);
  ASSERT_TRUE(writer.flush(seconds(20)));
  EXPECT_EQ(text_of(old), "before\nrenamed\n");
  EXPECT_EQ(text_of(file), "after\n");
}

TEST(LineWriter, Attack1NobodyReadsAndNoCallerWaits) {
  Pipe pipe;
  LineWriter writer(pipe.sink());
  // More than the pipe and the queue hold.
  const std::size_t count = LineWriter::kLongestQueue + 1000;
  for (std::size_t i = 0; i < count; ++i) writer.put(numbered(i), Keep::always);
  ASSERT_FALSE(writer.works());
  EXPECT_NE(writer.fault()->find("lines wait to be written to"), std::string::npos) << *writer.fault();
  EXPECT_EQ(writer.dropped(), 0U);

  const auto lines = pipe.read(count);
  ASSERT_EQ(lines.size(), count);
  for (std::size_t i = 0; i < count; ++i) ASSERT_EQ(lines[i], numbered(i));
  EXPECT_TRUE(writer.flush(seconds(5)));
  EXPECT_TRUE(writer.works());
  EXPECT_EQ(writer.waiting(), 0U);
}

TEST(LineWriter, Attack1GivesUpTheOldestQuietLinesFirstAndCountsThem) {
  Pipe pipe;
  LineWriter writer(pipe.sink());
  const std::size_t count = LineWriter::kLongestQueue + 2000;
  writer.put("a warning", Keep::if_room);
  for (std::size_t i = 0; i < count; ++i) writer.put(numbered(i), Keep::if_quiet);
  EXPECT_TRUE(writer.works());
  const auto dropped = writer.dropped();
  EXPECT_GT(dropped, 1000U);
  const auto lines = pipe.read(count + 1 - dropped);
  EXPECT_EQ(lines.front(), "a warning");
  EXPECT_EQ(lines.back(), numbered(count - 1));
}

TEST(LineWriter, Attack1EndsThoughNobodyReadsAndSaysWhatWasLost) {
  Pipe pipe;
  LineWriter writer(pipe.sink());
  for (std::size_t i = 0; i < 1000; ++i) writer.put(numbered(i), Keep::always);
  const auto lost = writer.close();
  EXPECT_GT(lost, 0U);
  EXPECT_LT(lost, 1000U);
  EXPECT_EQ(writer.close(), 0U);
}

TEST(LineWriter, Attack1AFullDiskIsAFaultAtOnceAndCostsNoLine) {
  LineWriter writer(*Sink::open("/dev/full"));
  writer.put("kept", Keep::always);
  wait_until([&] { return !writer.works(); });
  EXPECT_EQ(*writer.fault(), "cannot write to /dev/full: No space left on device");
  EXPECT_EQ(writer.waiting(), 1U);
  EXPECT_EQ(writer.close(), 1U);
}

TEST(LineWriter, Attack1OtherLinesOnAFullDiskAreGivenUpAndCounted) {
  LineWriter writer(*Sink::open("/dev/full"));
  writer.put("log", Keep::if_room);
  wait_until([&] { return writer.dropped() == 1; });
  EXPECT_TRUE(writer.works());
}

// Some of a line fits on the disk: the rest follows once there is room.
TEST(LineWriter, Attack1GoesOnWithinTheLineOnceThereIsRoom) {
  const auto file = fresh_file("half");
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit tight{500, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  LineWriter writer(*Sink::open(file));
  for (std::size_t i = 0; i < 5; ++i) writer.put(numbered(i), Keep::always);
  wait_until([&] { return !writer.works(); });
  EXPECT_EQ(std::filesystem::file_size(file), 500U);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  wait_until([&] { return writer.waiting() == 0; });
  EXPECT_TRUE(writer.works());
  std::string expected;
  for (std::size_t i = 0; i < 5; ++i) expected += numbered(i) + "\n";
  EXPECT_EQ(text_of(file), expected);
}

TEST(LineWriter, AReaderThatHasGoneIsAFault) {
  std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  LineWriter writer(pipe.sink());
  pipe.stop_reading();
  writer.put("a", Keep::always);
  wait_until([&] { return !writer.works(); });
  EXPECT_NE(writer.fault()->find("Broken pipe"), std::string::npos);
}

TEST(Sink, EndsALineThatWasCutOff) {
  const auto file = fresh_file("cut");
  std::ofstream(file) << "whole\nhal";
  LineWriter writer(*Sink::open(file));
  writer.put("next", Keep::always);
  EXPECT_EQ(writer.close(), 0U);
  EXPECT_EQ(text_of(file), "whole\nhal\nnext\n");
}

TEST(Sink, IsReadableByItsOwnerAndGroupAlone) {
  const auto file = fresh_file("mode");
  const auto mask = ::umask(0);
  const auto sink = Sink::open(file);
  ::umask(mask);
  ASSERT_TRUE(sink);
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(file).permissions(), perms::owner_read | perms::owner_write | perms::group_read);
}

TEST(Sink, SaysWhyAFileCannotBeOpened) {
  const auto sink = Sink::open("/nowhere/postern.log");
  ASSERT_FALSE(sink);
  EXPECT_EQ(sink.error().what,
            "cannot open the log file /nowhere/postern.log (No such file or directory): create its folder or make it "
            "writable");
}

}  // namespace
}  // namespace postern::telemetry
