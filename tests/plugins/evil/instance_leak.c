/* destroy() forgets what create() allocated. */
#include "evil.h"

static void* volatile leaked;

static virgo_status collect(void* p, virgo_run run) {
  (void)p;
  (void)run;
  return VIRGO_OK;
}

static void destroy(void* p) {
  leaked = p;
}

EVIL_MODULE("instance_leak", VIRGO_ON_LOOP, NULL, collect, NULL, destroy);
