/* Changes the working directory of the whole process. */
#include <unistd.h>

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  (void)p;
  (void)run;
  return chdir("/") == 0 ? VIRGO_OK : VIRGO_ERR_FAILED;
}

EVIL_MODULE("chdir", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
