#define PARAMS VIRGO_ARRAY(params)
#include <virgo/plugin.h>
static const virgo_param params[] = {{"every", "soon", NULL, VIRGO_PARAM_DURATION, 0}};
#include "base.h"
VIRGO_MODULE_ENTRY(module, 0);
