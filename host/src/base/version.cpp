#include "base/version.hpp"

namespace virgo {

const char* const kVersion = VIRGO_VERSION;

}  // namespace virgo
