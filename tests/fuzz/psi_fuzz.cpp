// /proc/pressure/cpu and the others
#include "fuzz/fuzz.hpp"
#include "pressure/psi.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest = fuzz::text(data, size);
  plugin::PsiLine line;
  while (plugin::next_psi(rest, &line)) {
    fuzz::require(line.stall == "some" || line.stall == "full");
    for (unsigned i = 0; i < plugin::kPsiWindows; ++i)
      fuzz::require(line.has_share[i] ? __builtin_isfinite(line.share[i]) : line.share[i] == 0);
  }
  return 0;
}
