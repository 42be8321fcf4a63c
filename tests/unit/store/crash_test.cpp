#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include "unit/store/contract.hpp"

// A process that writes is killed at any moment: what it acknowledged is there, and nothing is there by half.
namespace postern::store {
namespace {

constexpr int kWriters = 4;

class CrashContract : public Contract {
 protected:
  // In the child: walks grant after grant through its life and tells each step once it returned.
  [[noreturn]] void write_until_killed(int acknowledged, const std::string& round) {
    const auto store = open();
    std::vector<std::thread> threads;
    for (int i = 0; i < kWriters; ++i) {
      threads.emplace_back([&, i] {
        for (int n = 0;; ++n)
          live(store->grants(), round + "-" + std::to_string(i) + "-" + std::to_string(n), acknowledged);
      });
    }
    for (auto& thread : threads) thread.join();
    ::_exit(1);
  }

  static void live(GrantStore& grants, const std::string& id, int acknowledged) {
    const auto tell = [&](char step, const Result<void>& result) {
      const std::string line = std::string(1, result ? step : '!') + " " + id + "\n";
      // One write of less than PIPE_BUF bytes is never torn.
      if (::write(acknowledged, line.data(), line.size()) < 0) ::_exit(1);
    };
    tell('a', grants.approve(sample_approval("consent-" + id, id, "code-" + id)));
    tell('c', grants.redeem_code(hash_of("code-" + id), sample_tokens("a1-" + id, "r1-" + id, id), kNow));
    tell('r', grants.rotate_refresh(hash_of("r1-" + id), sample_tokens("a2-" + id, "r2-" + id, id), "sealed", kNow));
    tell('v', grants.revoke(id, "end", kNow));
  }

  // Kills the child after that many acknowledged steps; returns all that it acknowledged.
  static std::vector<std::pair<char, std::string>> kill_after(pid_t child, int from_child, int steps) {
    std::string text;
    char buffer[4096];
    bool killed = false;
    for (ssize_t got = 0; (got = ::read(from_child, buffer, sizeof(buffer))) > 0;) {
      text.append(buffer, static_cast<std::size_t>(got));
      if (!killed && std::count(text.begin(), text.end(), '\n') >= steps) {
        ::kill(child, SIGKILL);
        killed = true;
      }
    }
    std::vector<std::pair<char, std::string>> lines;
    std::istringstream in(text);
    char step = 0;
    for (std::string id; in >> step >> id;) lines.emplace_back(step, id);
    return lines;
  }

  void verify_acknowledged(char step, const std::string& id) {
    GrantStore& grants = store_->grants();
    switch (step) {
      case 'a': EXPECT_TRUE(grants.find_grant(id).value()) << id; break;
      case 'c':
        ASSERT_TRUE(grants.find_code(hash_of("code-" + id)).value()) << id;
        EXPECT_TRUE(grants.find_code(hash_of("code-" + id)).value()->code.used_at) << id;
        break;
      case 'r':
        ASSERT_TRUE(grants.find_refresh(hash_of("r1-" + id)).value()) << id;
        EXPECT_TRUE(grants.find_refresh(hash_of("r1-" + id)).value()->token.rotated_at) << id;
        break;
      case 'v': EXPECT_TRUE(grants.find_grant(id).value()->revoked_at) << id; break;
      default: ADD_FAILURE() << "a step failed: " << id;
    }
  }

  void verify_whole(const Grant& grant, const std::set<std::string>& revocations) {
    GrantStore& grants = store_->grants();
    const auto code = grants.find_code(hash_of("code-" + grant.id)).value();
    ASSERT_TRUE(code) << grant.id;
    const auto first = grants.find_refresh(hash_of("r1-" + grant.id)).value();
    EXPECT_EQ(code->code.used_at.has_value(), first.has_value());
    EXPECT_EQ(code->code.used_at.has_value(), grants.find_access(hash_of("a1-" + grant.id)).value().has_value());
    const bool rotated = first && first->token.rotated_at;
    EXPECT_EQ(rotated, grants.find_refresh(hash_of("r2-" + grant.id)).value().has_value());
    EXPECT_EQ(rotated, grants.find_access(hash_of("a2-" + grant.id)).value().has_value());
    EXPECT_EQ(grant.revoked_at.has_value(), revocations.contains(grant.id));
  }
};
INSTANTIATE_TEST_SUITE_P(Store, CrashContract, testing::ValuesIn(backends()),
                         [](const auto& tested) { return tested.param.name; });

TEST_P(CrashContract, NothingAcknowledgedIsLostAndNothingIsHalfDone) {
  store_.reset();
  std::mt19937 random(20261129);
  for (int round = 0; round < 25 && !HasFailure(); ++round) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(pipe_ends[0]);
      write_until_killed(pipe_ends[1], "round-" + std::to_string(round));
    }
    ::close(pipe_ends[1]);
    const auto acknowledged = kill_after(child, pipe_ends[0], 1 + static_cast<int>(random() % 200));
    ::close(pipe_ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));

    store_ = open();
    ASSERT_FALSE(acknowledged.empty());
    for (const auto& [step, id] : acknowledged) verify_acknowledged(step, id);
    std::set<std::string> revocations;
    for (const Change& change : store_->changes_since(0).value()) revocations.insert(change.subject);
    GrantFilter everything;
    everything.revoked_too = true;
    for (const Grant& grant : store_->grants().list(everything).value()) verify_whole(grant, revocations);
    store_.reset();
  }
}

}  // namespace
}  // namespace postern::store
