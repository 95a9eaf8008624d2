/* Emits a value of another type than it declares. */

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  instance* i = (instance*)p;
  virgo_sample sample = {0};
  sample.type = VIRGO_F64;
  i->host->run->emit(i->host, run, &sample, 1, sizeof sample);
  return VIRGO_OK;
}

EVIL_MODULE("wrong_type", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
