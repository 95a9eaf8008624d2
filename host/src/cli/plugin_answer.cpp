#include "cli/plugin_answer.hpp"

#include "base/child_process.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "cli/plugin_description.hpp"

namespace virgo::cli {
namespace {

constexpr Duration kPatience = std::chrono::seconds(5);

// Why a child said nothing of use.
std::string failure(const ChildResult& child) {
  if (child.timed_out)
    return format("hung when it was loaded and asked for its tables: ended after {}",
                  format_duration(kPatience));
  if (child.signal != 0)
    return format("crashed with {} when it was loaded and asked for its tables",
                  signal_name(child.signal));
  const Result<json::Value> answer = json::parse(child.out);
  if (answer && !text_member(*answer, "problem").empty()) return text_member(*answer, "problem");
  return format("ended the process with exit code {} when it was loaded", child.exit_code);
}

}  // namespace

PluginAnswer ask_plugin(const std::string& file) {
  const auto child = run_child({own_program(), "plugin", "describe", "--", file}, kPatience);
  if (!child) return {{}, child.error().message};
  auto answer = json::parse(child->out);
  if (child->exit_code == 0 && answer && answer->find("types") != nullptr)
    return {std::move(*answer), ""};
  return {{}, failure(*child)};
}

}  // namespace virgo::cli
