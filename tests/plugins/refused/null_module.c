#include <virgo/plugin.h>
const virgo_module* virgo_module_v1(void) {
  return NULL;
}
VIRGO_MODULE_NOTE(0);
