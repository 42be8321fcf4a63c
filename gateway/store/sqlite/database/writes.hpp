#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "store/reading_pass.hpp"
#include "store/records.hpp"
#include "store/sqlite/connection/connection.hpp"

namespace postern::store::sqlite {

// What a write works with while it runs.
class Transaction {
 public:
  Transaction(Connection& connection, Time at, std::vector<Change>& changes)
      : db(connection), now(at), changes_(changes) {}

  Connection& db;
  const Time now;
  // Records the change in the same transaction, for the caches of every process.
  Result<void> note(ChangeKind kind, std::string_view subject);

 private:
  std::vector<Change>& changes_;
};

// Where facets take what they have to write. Thread-safe.
class Writes {
 public:
  virtual ~Writes() = default;

  // Runs `work`, Result<T>(Transaction&), in a transaction and returns what it returned once that is durable. An error
  // takes its changes back. busy: too many wait; unavailable: nothing of it is promised to be stored.
  template <class Work>
  auto write(Work&& work) -> std::invoke_result_t<Work&, Transaction&> {
    std::optional<std::invoke_result_t<Work&, Transaction&>> result;
    const std::optional<Error> refused = submit([&](Transaction& transaction) -> std::optional<Error> {
      result.emplace(work(transaction));
      if (!*result) return result->error();
      return std::nullopt;
    });
    if (refused) return *refused;
    return std::move(*result);
  }

 protected:
  using Work = std::function<std::optional<Error>(Transaction&)>;
  virtual std::optional<Error> submit(Work work) = 0;
};

// Refuses every write (unavailable) and notes that one is wanted.
class RefusedWrites final : public Writes {
 public:
  // `pass` must outlive this.
  explicit RefusedWrites(ReadingPass& pass) noexcept : pass_(pass) {}

 private:
  std::optional<Error> submit(Work) override {
    pass_.want_write();
    return fail(Errc::unavailable, "this run may only read");
  }

  ReadingPass& pass_;
};

}  // namespace postern::store::sqlite
