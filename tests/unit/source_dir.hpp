#pragma once

#include <string>

namespace postern {

// The root of the repository, for tests that read what it ships.
std::string source_dir();

}  // namespace postern
