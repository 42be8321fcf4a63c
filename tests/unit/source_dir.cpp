#include "unit/source_dir.hpp"

namespace postern {

std::string source_dir() { return POSTERN_SOURCE_DIR; }

}  // namespace postern
