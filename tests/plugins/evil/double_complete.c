/* Completes its run twice. */
#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  instance* i = (instance*)p;
  i->host->run->complete(i->host, run, VIRGO_OK);
  i->host->run->complete(i->host, run, VIRGO_OK);
  return VIRGO_PENDING;
}

EVIL_MODULE("double_complete", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
