/* The note says 1, the module 2. */
#define MAJOR 2
#include "base.h"
VIRGO_MODULE_ENTRY(module, 0);
