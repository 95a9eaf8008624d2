/* Ends the process when it is asked for its module. */
#include <stdlib.h>
#include "base.h"
VIRGO_EXPORT const virgo_module* virgo_module_v1(void) {
  if (type.create != NULL) exit(7);
  return &module;
}
VIRGO_MODULE_NOTE(0);
