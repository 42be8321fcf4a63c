// A wall clock that can be set for one program alone: a library, loaded before all others, adds what a file says to
// CLOCK_REALTIME. Time that passes (CLOCK_MONOTONIC, CLOCK_BOOTTIME) is left as it is, as when somebody sets the clock.
import assert from 'node:assert/strict';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { run, temporaryFolder } from './process.mjs';

const source = `
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shift; /* milliseconds */

__attribute__((constructor)) static void find_shift(void) {
  const char *name = getenv("POSTERN_TEST_SHIFT");
  const int file = name ? open(name, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return;
  void *there = mmap(NULL, sizeof *shift, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (there != MAP_FAILED) shift = there;
}

int clock_gettime(clockid_t id, struct timespec *time) {
  const long failed = syscall(SYS_clock_gettime, id, time);
  if (!failed && id == CLOCK_REALTIME && shift) {
    const int64_t by = *shift;
    time->tv_sec += by / 1000;
    time->tv_nsec += by % 1000 * 1000000;
    if (time->tv_nsec < 0) --time->tv_sec, time->tv_nsec += 1000000000;
    if (time->tv_nsec >= 1000000000) ++time->tv_sec, time->tv_nsec -= 1000000000;
  }
  return (int)failed;
}
`;

export class ShiftedClock {
  static async create() {
    const clock = new ShiftedClock();
    const folder = temporaryFolder('shifted-clock');
    clock.file = path.join(folder, 'shift');
    clock.library = path.join(folder, 'shift.so');
    writeFileSync(path.join(folder, 'shift.c'), source);
    const words = ['-shared', '-fPIC', '-O1', '-o', clock.library, path.join(folder, 'shift.c')];
    const { code, output } = await run('clang-19', words);
    assert.equal(code, 0, output);
    clock.shift(0);
    return clock;
  }

  /** What a program is started by that is to have this clock. */
  get launcher() {
    return ['env', `LD_PRELOAD=${this.library}`, `POSTERN_TEST_SHIFT=${this.file}`];
  }

  /** How far the clock is ahead, in milliseconds; negative: behind. Counts at once, in programs that run as well. */
  shift(milliseconds) {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(milliseconds));
    const file = openSync(this.file, 'a+');
    closeSync(file);
    const there = openSync(this.file, 'r+');
    writeSync(there, bytes, 0, 8, 0);
    closeSync(there);
  }
}

export const hours = (count) => count * 3_600_000;
export const fortyDays = hours(40 * 24);
