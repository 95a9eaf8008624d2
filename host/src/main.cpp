#include <fcntl.h>
#include <malloc.h>
#include <unistd.h>

#include "cli/cli.hpp"

namespace {

// Who starts us without standard streams must not find them taken by files of ours.
void fill_standard_streams() {
  for (int fd = 0; fd <= 2; ++fd)
    if (fcntl(fd, F_GETFD) < 0) (void)open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
}

}  // namespace

int main(int argc, char** argv) {
  fill_standard_streams();
  // The workers allocate little, and an arena for each costs 30 to 60 KiB.
  mallopt(M_ARENA_MAX, 1);
  return virgo::cli::run(argc, argv);
}
