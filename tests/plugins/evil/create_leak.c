/* Opens a file in create() that nobody closes, and fails properly when it cannot. */
#include <fcntl.h>

#include "evil.h"

static virgo_status create(const virgo_host* host, virgo_check self, void** out) {
  if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0) return VIRGO_ERR_FAILED;
  return plain_create(host, self, out);
}

static virgo_status collect(void* p, virgo_run run) {
  (void)p;
  (void)run;
  return VIRGO_OK;
}

EVIL_MODULE_WITH("create_leak", VIRGO_ON_LOOP, create, NULL, collect, NULL, plain_destroy);
