/* Emits a label far longer than any agent takes. */

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  static char value[100000];
  virgo_str text;
  size_t n;
  for (n = 0; n < sizeof value; n++) value[n] = (char)(97 + n % 26);
  text.ptr = value;
  text.len = sizeof value;
  emit_labelled((instance*)p, run, "evil.label", text);
  return VIRGO_OK;
}

EVIL_MODULE("huge_label", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
