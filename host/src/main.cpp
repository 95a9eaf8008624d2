#include "cli/cli.hpp"

int main(int argc, char** argv) {
  return virgo::cli::run(argc, argv);
}
