/* Emits bytes that are no UTF-8. */

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  emit_labelled((instance*)p, run, "evil.label", virgo_cstr("caf\xe9"));
  return VIRGO_OK;
}

EVIL_MODULE("invalid_utf8", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
