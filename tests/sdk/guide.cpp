#include "sdk/guide.hpp"

#include <regex>

namespace virgo::sdk_test {
namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// The word that ends the here-document that `command` begins; "" if it begins none.
std::string here_document(const std::string& command) {
  static const std::regex kHere("<<'?([A-Z_]+)'?");
  std::smatch found;
  return std::regex_search(command, found, kHere) ? found[1].str() : "";
}

// As a shell takes the lines: one command each, but for \ at the end and <<'WORD'.
std::vector<std::string> commands_of(const std::vector<std::string>& lines) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string command = lines[i];
    while (command.ends_with('\\') && i + 1 < lines.size()) command += "\n" + lines[++i];
    const std::string end = here_document(command);
    while (!end.empty() && i + 1 < lines.size()) {
      command += "\n" + lines[++i];
      if (lines[i] == end) break;
    }
    if (!command.empty() && command[0] != '#') out.push_back(command);
  }
  return out;
}

std::string without_what_differs(const std::string& line) {
  static const std::regex kAmount("[0-9]+(\\.[0-9]+)?( *(ns|us|ms|s|sec|B|KiB|MiB|GiB)\\b)?");
  static const std::regex kSpaces("[ .]*( |\\.\\.)[ .]*");
  std::string out = std::regex_replace(line, kAmount, "0");
  out = std::regex_replace(out, kSpaces, " ");
  const std::size_t first = out.find_first_not_of(' ');
  const std::size_t last = out.find_last_not_of(' ');
  return first == std::string::npos ? "" : out.substr(first, last - first + 1);
}

}  // namespace

std::vector<Step> read_guide(std::string_view page) {
  std::vector<Step> steps;
  const std::vector<std::string> lines = lines_of(page);
  bool shows = false;  // an unmarked fence here shows what the last step prints
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (!lines[i].starts_with("```")) {
      shows = shows && lines[i].empty();
      continue;
    }
    const int begin = static_cast<int>(i) + 1;
    const std::string mark = lines[i].substr(3);
    std::vector<std::string> inside;
    for (++i; i < lines.size() && lines[i] != "```"; ++i) inside.push_back(lines[i]);
    if (mark == "sh") steps.push_back({begin, commands_of(inside), {}});
    if (mark.empty() && shows) steps.back().shown = inside;
    shows = mark == "sh";
  }
  return steps;
}

std::string missing_line(const std::vector<std::string>& shown, std::string_view out) {
  std::vector<std::string> have = lines_of(out);
  for (std::string& line : have) line = without_what_differs(line);
  std::size_t at = 0;
  bool skips = false;
  for (const std::string& line : shown) {
    if (line == "...") {
      skips = true;
      continue;
    }
    const std::string wanted = without_what_differs(line);
    while (skips && at < have.size() && have[at] != wanted) ++at;
    if (at == have.size() || have[at] != wanted) return line;
    ++at;
    skips = false;
  }
  return !skips && at < have.size() ? "(the end: it goes on with '" + have[at] + "')" : "";
}

}  // namespace virgo::sdk_test
