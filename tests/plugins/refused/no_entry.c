/* A note, but nothing to enter by. */
#include "base.h"
const virgo_module* virgo_module_v0(void);
const virgo_module* virgo_module_v0(void) {
  return &module;
}
VIRGO_MODULE_NOTE(0);
