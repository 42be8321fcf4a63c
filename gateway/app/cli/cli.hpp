#pragma once

#include "app/commands.hpp"

namespace postern::app {

// The whole command line: parses, runs one command, yields the exit code.
int run_command_line(int argc, const char* const* argv, Console& console);

}  // namespace postern::app
