/* Uses what only a newer agent has, without asking whether it is there. */

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  /* As a later header would have it. */
  typedef struct newer_host {
    virgo_host of_1_0;
    void (*something_new)(void);
  } newer_host;
  const newer_host* host = (const newer_host*)((instance*)p)->host;
  (void)run;
  if (host->something_new != NULL) host->something_new();
  return VIRGO_OK;
}

EVIL_MODULE("reads_newer_member", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
