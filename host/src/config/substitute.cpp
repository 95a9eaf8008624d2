#include "config/substitute.hpp"

#include <array>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "config/characters.hpp"
#include "config/encoding.hpp"
#include "config/load.hpp"
#include "config/path.hpp"

namespace virgo::config {
namespace {

constexpr std::uint64_t kMaxFile = 64u << 10;
constexpr std::array<std::string_view, 2> kSchemes{"env", "file"};

bool is_variable_name(std::string_view name) {
  return !name.empty() && (name[0] < '0' || name[0] > '9') && has_only(name, "_");
}

Result<std::string> from_environment(std::string_view name, const Sources& sources) {
  if (!is_variable_name(name))
    return Error{Errc::invalid, format("${{env:{}}}: a variable's name consists of letters, "
                                       "digits and '_'",
                                       printable(name))};
  auto value = sources.environment ? sources.environment(std::string(name)) : std::nullopt;
  if (!value)
    return Error{Errc::not_found, format("${{env:{}}}: the environment variable is not set", name)};
  return *std::move(value);
}

Result<std::string> from_file(std::string_view path, const std::string& folder) {
  if (path.empty())
    return Error{Errc::invalid, "${file:}: a path is missing, as in ${file:/run/secrets/token}"};
  auto content = read_regular_file(join(folder, path), kMaxFile);
  if (!content) return content.error().context(format("${{file:{}}}", printable(path, 256)));
  if (content->ends_with('\n')) content->pop_back();
  return content;
}

Result<std::string> resolve(std::string_view inside, const std::string& folder,
                            const Sources& sources) {
  const std::size_t colon = inside.find(':');
  if (colon == std::string_view::npos)
    return Error{Errc::invalid,
                 format("${{{0}}} does not say where from: write ${{env:{0}}} or ${{file:/path}}, "
                        "or $${{ for the text itself",
                        printable(inside))};
  const std::string_view scheme = inside.substr(0, colon);
  const std::string_view rest = inside.substr(colon + 1);
  auto value = Result<std::string>(std::string());
  if (scheme == "env") {
    value = from_environment(rest, sources);
  } else if (scheme == "file") {
    value = from_file(rest, folder);
  } else {
    const std::string_view near = did_you_mean(scheme, kSchemes);
    return Error{Errc::invalid, format("unknown source '{}' in ${{...}}, {}", printable(scheme),
                                       near.empty() ? std::string("use env or file")
                                                    : format("did you mean '{}'?", near))};
  }
  if (!value) return value;
  if (const auto bad = find_bad_byte(*value))
    return Error{Errc::invalid, format("${{{}}} contains {}, at its line {}, column {}",
                                       printable(inside, 256), bad->what, bad->line, bad->column)};
  return value;
}

}  // namespace

Result<Substituted> substitute(std::string_view text, const std::string& folder,
                               const Sources& sources) {
  Substituted out;
  std::size_t i = 0;
  while (i < text.size()) {
    if (text.substr(i).starts_with("$${")) {
      out.text += "${";
      i += 3;
    } else if (text.substr(i).starts_with("${")) {
      const std::size_t end = text.find('}', i);
      if (end == std::string_view::npos)
        return Error{Errc::invalid, "'${' without a '}': write $${ for the text itself"};
      auto value = resolve(text.substr(i + 2, end - i - 2), folder, sources);
      if (!value) return value.error();
      out.text += *value;
      out.secret = true;
      i = end + 1;
    } else {
      out.text += text[i++];
    }
  }
  return out;
}

}  // namespace virgo::config
