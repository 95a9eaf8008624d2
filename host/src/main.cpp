#include <malloc.h>

#include "cli/cli.hpp"

int main(int argc, char** argv) {
  // The workers allocate little, and an arena for each costs 30 to 60 KiB.
  mallopt(M_ARENA_MAX, 1);
  return virgo::cli::run(argc, argv);
}
