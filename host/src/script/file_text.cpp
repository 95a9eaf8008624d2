#include "script/file_text.hpp"

#include "base/file.hpp"

namespace virgo::script {
namespace {

constexpr std::uint64_t kMaxScript = 4 << 20;

}  // namespace

Result<std::string> read_script(const std::string& path) {
  auto text = read_regular_file(path, kMaxScript);
  if (!text) return text.error().context(path);
  if (text->starts_with('#')) text->insert(0, "--");
  return text;
}

}  // namespace virgo::script
