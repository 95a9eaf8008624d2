// Runs a fuzz target on each file of the folders given, without libFuzzer.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "fuzz/fuzz.hpp"

int main(int argc, char** argv) {
  int inputs = 0;
  for (int i = 1; i < argc; ++i)
    for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
      std::ifstream file(entry.path(), std::ios::binary);
      const std::string text((std::istreambuf_iterator<char>(file)), {});
      // A copy that ends where the text does, so that ASan sees what reads beyond it.
      auto* exact = new uint8_t[text.size()];
      text.copy(reinterpret_cast<char*>(exact), text.size());
      LLVMFuzzerTestOneInput(exact, text.size());
      delete[] exact;
      ++inputs;
    }
  std::printf("%d inputs\n", inputs);
  return inputs > 0 ? 0 : 1;
}
