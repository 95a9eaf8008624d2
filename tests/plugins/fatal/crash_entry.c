/* Crashes when it is asked for its module. */
#include "base.h"
static volatile int* nowhere;
VIRGO_EXPORT const virgo_module* virgo_module_v1(void) {
  *nowhere = 1;
  return &module;
}
VIRGO_MODULE_NOTE(0);
