/* Says so in its note, so it is refused before it is mapped. */
#include <virgo/plugin.h>
#undef VIRGO_ABI_MAJOR
#define VIRGO_ABI_MAJOR 2
#include "base.h"
VIRGO_MODULE_ENTRY(module, 0);
