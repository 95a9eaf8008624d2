/* Allocates at each run and never frees. */
#include "evil.h"

static void* volatile leaked;

static virgo_status collect(void* p, virgo_run run) {
  (void)p;
  (void)run;
  leaked = malloc(100);
  return VIRGO_OK;
}

EVIL_MODULE("memory_leak", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
