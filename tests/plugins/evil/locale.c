/* Changes the locale, and with it how everybody prints numbers. */
#include <locale.h>

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  (void)p;
  (void)run;
  setlocale(LC_ALL, "C.UTF-8");
  return VIRGO_OK;
}

EVIL_MODULE("locale", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
