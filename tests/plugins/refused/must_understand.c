#define FLAGS 0x00100002u
#include "base.h"
VIRGO_MODULE_ENTRY(module, 0);
