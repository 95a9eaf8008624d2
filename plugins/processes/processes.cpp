// virgo.processes: how many processes there are; virgo.process: what chosen ones use. Both
// see the same pass over /proc.
#include "chosen.hpp"
#include "totals.hpp"

VIRGO_CXX_MODULE("io.virgo.processes", "0.2.0", plugin::Totals, plugin::Chosen);
