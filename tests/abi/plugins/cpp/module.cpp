// The same module as ../c, written in C++17 over plugin.hpp. It uses the standard
// library, and one check more, which throws.
#include "late.hpp"
#include "samples.hpp"
#include "steps.hpp"

VIRGO_CXX_MODULE("org.virgo.abi", "1.0.0", Samples, Worker, Thread, Patient, Throws, Steps);
