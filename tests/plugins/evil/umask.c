/* Changes the umask of the whole process. */
#include <sys/stat.h>

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  (void)p;
  (void)run;
  umask(0);
  return VIRGO_OK;
}

EVIL_MODULE("umask", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
