#pragma once

#include <cstdio>
#include <cstdlib>

// An invariant of a fuzz target: says which one broke and ends the run, so that the input is kept.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}
