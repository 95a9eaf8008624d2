/* Opens a file at each run and never closes it. */
#include <fcntl.h>

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  (void)p;
  (void)run;
  return open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0 ? VIRGO_OK : VIRGO_ERR_FAILED;
}

EVIL_MODULE("fd_leak", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
