#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "store/sqlite/database/readers.hpp"
#include "store/sqlite/database/writer.hpp"

namespace postern::store::sqlite {

// Deletes what is no longer needed. A reader looks for it and the writer deletes a few rows at a time, so that other
// writes never wait for a scan.
Result<void> purge(Writer& writer, Readers& readers, Time now);

}  // namespace postern::store::sqlite
