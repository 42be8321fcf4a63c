#include "store/sqlite/database/writer.hpp"

#include <exception>
#include <utility>

#include "store/sqlite/connection/query.hpp"
#include "store/sqlite/database/database.hpp"
#include "store/sqlite/database/schema.hpp"

namespace postern::store::sqlite {
namespace {

// How long a try waits for a lock: it is tried again soon, and whoever ends the writer waits for it.
constexpr auto kProbeWait = std::chrono::milliseconds(50);

}  // namespace

Result<void> Transaction::note(ChangeKind kind, std::string_view subject) {
  const auto stored = sqlite::run(db, "INSERT INTO changes (kind, subject, at) VALUES (?1, ?2, ?3)",
                                  static_cast<int>(kind), subject, now);
  if (!stored) return stored.error();
  changes_.push_back({.sequence = db.last_row(), .kind = kind, .subject = std::string(subject)});
  return {};
}

Writer::Writer(std::shared_ptr<StoreFiles> files, Options options, Connection connection)
    : files_(std::move(files)),
      options_(std::move(options)),
      db_(std::move(connection)),
      thread_([this] { serve(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

std::string Writer::fault() const {
  const std::lock_guard lock(mutex_);
  return fault_now();
}

// Under the lock.
std::string Writer::fault_now() const {
  if (!fault_.empty() || !busy_since_) return fault_;
  if (Steady::now() - *busy_since_ <= options_.patience) return "";
  return "a write to " + files_->path() + " has been under way for more than " +
         std::to_string(options_.patience.count()) +
         " ms; another program holds the lock of the database, or the disk does not answer";
}

std::size_t Writer::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

void Writer::on_change(std::function<void(const std::vector<Change>&)> listener) {
  const std::lock_guard lock(mutex_);
  listener_ = std::move(listener);
}

void Writer::on_fault(std::function<void(const std::string&)> listener) {
  const std::lock_guard lock(mutex_);
  fault_listener_ = std::move(listener);
}

std::optional<Error> Writer::submit(Work work) { return enqueue(std::move(work), false); }

std::optional<Error> Writer::enqueue(Work work, bool alone) {
  std::future<std::optional<Error>> done;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return fail(Errc::unavailable, "the store is being closed");
    if (auto fault = fault_now(); !fault.empty()) return fail(Errc::unavailable, std::move(fault));
    if (queue_.size() >= options_.queue) return fail(Errc::busy, "too many writes wait for the store");
    done = queue_.emplace_back(Job{.work = std::move(work), .done = {}, .error = {}, .alone = alone}).done.get_future();
    // Under the lock: from here on this object may end, once what waits was written.
    wake_.notify_one();
  }
  return done.get();
}

void Writer::serve() {
  std::vector<Job> group;
  while (next_group(group)) {
    look_after();
    if (!group.empty()) commit(group);
    group.clear();
  }
}

// False when there is nothing more to do, ever. The group is empty when it is time to look around.
bool Writer::next_group(std::vector<Job>& group) {
  std::unique_lock lock(mutex_);
  busy_since_.reset();
  wake_.wait_for(lock, options_.look_every, [this] { return stopping_ || !queue_.empty(); });
  if (stopping_ && queue_.empty()) return false;
  while (!queue_.empty() && group.size() < options_.group) {
    const bool alone = queue_.front().alone;
    if (alone && !group.empty()) break;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
    if (alone) break;
  }
  busy_since_ = Steady::now();
  return true;
}

void Writer::commit(std::vector<Job>& group) {
  std::vector<Change> changes;
  auto committed = transact(group, changes);
  if (committed && !changes.empty()) {
    std::function<void(const std::vector<Change>&)> listener;
    {
      const std::lock_guard lock(mutex_);
      listener = listener_;
    }
    if (listener) listener(changes);
  }
  if (committed) committed = in_place();
  if (!committed) set_fault(committed.error().what);
  {
    // Whoever is answered may write again at once.
    const std::lock_guard lock(mutex_);
    busy_since_.reset();
  }
  // Also a refusal counts only after the commit: it may rest on what another write of the group did.
  for (Job& job : group) job.done.set_value(committed ? std::move(job.error) : committed.error());
}

Result<void> Writer::transact(std::vector<Job>& group, std::vector<Change>& changes) {
  if (auto known = known_fault(); !known.empty()) return fail(Errc::unavailable, std::move(known));
  if (group.front().alone) return run_alone(group.front());
  return in_transaction([&]() -> Result<void> {
    Result<void> ran;
    for (auto job = group.begin(); ran && job != group.end(); ++job) ran = run(*job, changes);
    return ran;
  });
}

// What was committed to a file that had been deleted is not there for those who come later.
Result<void> Writer::in_place() const {
  const auto state = files_->look();
  if (state == StoreFiles::State::in_place) return {};
  return fail(Errc::unavailable, files_->describe(state));
}

Result<void> Writer::in_transaction(const std::function<Result<void>()>& work) {
  if (auto alive = revive(); !alive) return alive;
  auto done = db_->execute("BEGIN IMMEDIATE");
  if (done) done = work();
  if (done) done = db_->execute("COMMIT");
  if (done) return done;
  const Error why = explain(files_->path(), *db_, done.error());
  if (db_->in_transaction()) (void)db_->execute("ROLLBACK");
  if (!db_->dead()) db_->forgive();
  return fail(Errc::unavailable, why.what);
}

// Changes nothing that anybody waits for, so that there is nothing to commit and nothing to tell.
Result<void> Writer::run_alone(Job& job) {
  if (auto alive = revive(); !alive) return alive;
  std::vector<Change> none;
  Transaction outside(*db_, options_.clock->now(), none);
  try {
    job.error = job.work(outside);
  } catch (const std::exception& exception) {
    job.error = fail(Errc::internal, exception.what());
  }
  if (!db_->dead()) db_->forgive();
  return {};
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
  if (db_ && !db_->dead() && !outdated_) return {};
  if (db_ && db_->in_transaction()) db_.reset();
  return reopen();
}

Result<void> Writer::reopen() {
  auto opened = open_writer(files_->path(), options_);
  // A file that was made here is ours, also where it cannot be opened yet.
  if (opened || outdated_) files_->remember();
  if (!opened) return fail(Errc::unavailable, opened.error().what);
  db_ = std::move(*opened);
  outdated_ = false;
  return {};
}

// Before each group, so that nothing is written to a file that is gone, and while there is nothing to write.
void Writer::look_after() {
  auto usable = look_at_files();
  const bool at_fault = !known_fault().empty();
  if (usable && at_fault) usable = probe();
  if (!usable || at_fault) set_fault(usable ? "" : usable.error().what);
}

Result<void> Writer::look_at_files() {
  switch (const auto state = files_->look(); state) {
    case StoreFiles::State::in_place: return files_->keep_key();
    case StoreFiles::State::gone: return bring_back();
    case StoreFiles::State::log_gone:
      // Then the database alone holds all that was stored. Done again and again it costs nothing.
      if (db_) (void)db_->execute("PRAGMA wal_checkpoint(FULL)");
      return fail(Errc::unavailable, files_->describe(state));
    case StoreFiles::State::replaced: return fail(Errc::unavailable, files_->describe(state));
  }
  return {};
}

// Still an error when it worked: the next look finds out whether all is well.
Result<void> Writer::bring_back() {
  const auto what = files_->describe(StoreFiles::State::gone);
  if (!db_) return fail(Errc::unavailable, what + "; restart the gateway");
  if (known_fault().empty()) set_fault(what);
  auto done = files_->write_again(*db_);
  if (done) {
    outdated_ = true;
    done = reopen();
  }
  if (done) return fail(Errc::unavailable, what + "; it was written again");
  db_->forgive();
  return fail(Errc::unavailable, what + ", and cannot be written again: " + done.error().what);
}

// Sets what is set already, and so writes one page.
Result<void> Writer::probe() {
  if (auto room = files_->find_room(); !room) return room;
  if (db_) db_->wait_for_locks(kProbeWait);
  auto done =
      in_transaction([this] { return db_->execute("PRAGMA user_version=" + std::to_string(schema_version())); });
  if (db_) db_->wait_for_locks(options_.busy_timeout);
  return done;
}

std::string Writer::known_fault() const {
  const std::lock_guard lock(mutex_);
  return fault_;
}

void Writer::set_fault(const std::string& fault) {
  std::function<void(const std::string&)> listener;
  {
    const std::lock_guard lock(mutex_);
    if (fault == fault_) return;
    fault_ = fault;
    listener = fault_listener_;
  }
  if (listener) listener(fault);
}

}  // namespace postern::store::sqlite
