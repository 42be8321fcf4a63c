#include <exception>
#include <iostream>

#include "app/cli/cli.hpp"

int main(int argc, char** argv) {
  postern::app::Console console{std::cin, std::cout, std::cerr};
  try {
    return postern::app::run_command_line(argc, argv, console);
  } catch (const std::exception& error) {
    std::cerr << "postern: internal error: " << error.what() << '\n';
    return 70;  // EX_SOFTWARE
  }
}
