#include "store/sqlite/writer.hpp"

#include <exception>

#include "store/sqlite/database.hpp"
#include "store/sqlite/query.hpp"

namespace postern::store::sqlite {

Result<void> Transaction::note(ChangeKind kind, std::string_view subject) {
  const auto stored = sqlite::run(db, "INSERT INTO changes (kind, subject, at) VALUES (?1, ?2, ?3)",
                                  static_cast<int>(kind), subject, now);
  if (!stored) return stored.error();
  changes_.push_back({.sequence = db.last_row(), .kind = kind, .subject = std::string(subject)});
  return {};
}

Writer::Writer(std::string path, Options options, Connection connection)
    : path_(std::move(path)), options_(std::move(options)), db_(std::move(connection)), thread_([this] { serve(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

std::size_t Writer::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void Writer::on_change(std::function<void(const std::vector<Change>&)> listener) {
  const std::lock_guard lock(mutex_);
  listener_ = std::move(listener);
}

std::optional<Error> Writer::submit(Work work, bool alone) {
  std::future<std::optional<Error>> done;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return fail(Errc::unavailable, "the store is being closed");
    if (queue_.size() >= options_.queue) return fail(Errc::busy, "too many writes wait for the store");
    done = queue_.emplace_back(Job{.work = std::move(work), .done = {}, .error = {}, .alone = alone}).done.get_future();
    // Under the lock: from here on this object may end, once what waits was written.
    wake_.notify_one();
  }
  return done.get();
}

void Writer::serve() {
  for (;;) {
    std::vector<Job> group = next_group();
    if (group.empty()) return;
    commit(group);
  }
}

std::vector<Writer::Job> Writer::next_group() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  std::vector<Job> group;
  while (!queue_.empty() && group.size() < options_.group) {
    const bool alone = queue_.front().alone;
    if (alone && !group.empty()) break;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
    if (alone) break;
  }
  return group;
}

void Writer::commit(std::vector<Job>& group) {
  std::vector<Change> changes;
  const auto committed = transact(group, changes);
  if (committed && !changes.empty()) {
    std::function<void(const std::vector<Change>&)> listener;
    {
      const std::lock_guard lock(mutex_);
      listener = listener_;
    }
    if (listener) listener(changes);
  }
  // Also a refusal counts only after the commit: it may rest on what another write of the group did.
  for (Job& job : group) job.done.set_value(committed ? std::move(job.error) : committed.error());
}

Result<void> Writer::transact(std::vector<Job>& group, std::vector<Change>& changes) {
  if (auto alive = revive(); !alive) return alive;
  if (group.front().alone) {
    run_alone(group.front());
    return {};
  }
  auto done = db_->execute("BEGIN IMMEDIATE");
  for (auto job = group.begin(); done && job != group.end(); ++job) done = run(*job, changes);
  if (done) done = db_->execute("COMMIT");
  if (done) {
    healthy_ = true;
    return done;
  }
  if (db_->in_transaction()) (void)db_->execute("ROLLBACK");
  note_failure();
  return done;
}

void Writer::note_failure() {
  if (db_->dead()) {
    healthy_ = false;
  } else {
    db_->forgive();
  }
}

// Changes nothing that anybody waits for, so that there is nothing to commit and nothing to tell.
void Writer::run_alone(Job& job) {
  std::vector<Change> none;
  Transaction outside(*db_, options_.clock->now(), none);
  try {
    job.error = job.work(outside);
  } catch (const std::exception& exception) {
    job.error = fail(Errc::internal, exception.what());
  }
  note_failure();
}

Result<void> Writer::run(Job& job, std::vector<Change>& changes) {
  const std::size_t changes_before = changes.size();
  Transaction transaction(*db_, options_.clock->now(), changes);
  if (auto begun = db_->execute("SAVEPOINT job"); !begun) return begun;
  try {
    job.error = job.work(transaction);
  } catch (const std::exception& exception) {
    // A bug in one write is answered to its caller alone.
    job.error = fail(Errc::internal, exception.what());
  }
  if (db_->failure()) return *db_->failure();
  if (job.error) {
    changes.resize(changes_before);
    if (auto undone = db_->execute("ROLLBACK TO job"); !undone) return undone;
  }
  return db_->execute("RELEASE job");
}

// After a failed sync nothing is known of what the kernel kept of the last frames in the log, so the connection is
// given up and the file read anew. The new one is opened before the old one closes: as long as somebody has the log
// open, what was not committed is no part of it and the next commit writes over it. Closed first, the log would be
// recovered, and frames that may never have reached the disk would carry all later commits.
Result<void> Writer::revive() {
  if (db_ && !db_->dead()) return {};
  if (db_ && db_->in_transaction()) db_.reset();
  auto opened = open_writer(path_, options_);
  if (!opened) return fail(Errc::unavailable, opened.error().what);
  db_ = std::move(*opened);
  return {};
}

}  // namespace postern::store::sqlite
