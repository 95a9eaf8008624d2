#include "cli/plugin_project.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <filesystem>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::cli {
namespace {

// A type is at most 128 bytes in a configuration.
constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxId = 255;
constexpr std::uint64_t kMaxFile = 1 << 20;

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

Result<void> accept_name(const std::string& name) {
  const auto wrong = [&](std::string_view why) {
    return Error{Errc::invalid, format("'{}' cannot be a plugin's name, as 'acme-queue' can: {}",
                                       printable(name), why)};
  };
  if (name.empty() || !is_lower(name[0])) return wrong("it must start with a lower-case letter");
  for (const char c : name)
    if (!is_lower(c) && !is_digit(c) && c != '-')
      return wrong("use lower-case letters, digits and '-'");
  if (name.back() == '-' || name.find("--") != std::string::npos)
    return wrong("a letter or a digit follows each '-'");
  // A configuration takes a type without a dot for one of ours: "cpu" is "virgo.cpu".
  if (name.find('-') == std::string::npos)
    return wrong("put your own or your company's name and a '-' in front");
  if (name.starts_with("virgo-")) return wrong("'virgo-' is for what comes with the agent");
  if (name.size() > kMaxName) return wrong(format("it is longer than {} bytes", kMaxName));
  return {};
}

Result<void> accept_id(const std::string& id) {
  const auto good = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-';
  };
  if (!id.empty() && id.size() <= kMaxId && std::all_of(id.begin(), id.end(), good)) return {};
  return Error{Errc::invalid,
               format("'{}' cannot be a module's id: use letters, digits, '.', '_' and '-', at "
                      "most {}, as in com.acme.queue",
                      printable(id), kMaxId)};
}

std::string with(std::string text, char from, char to) {
  std::replace(text.begin(), text.end(), from, to);
  return text;
}

std::string camel_case(const std::string& name) {
  std::string out;
  bool starts = true;
  for (const char c : name) {
    if (c != '-') out += starts && is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
    starts = c == '-';
  }
  return out;
}

Result<void> write_new(const std::string& path, const std::string& text) {
  const Descriptor fd(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!fd) return system_error(errno).context(path);
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t n = write(fd.get(), text.data() + at, text.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return system_error(errno).context(path);
    at += static_cast<std::size_t>(n);
  }
  return {};
}

Result<std::vector<std::string>> copy_files(const std::string& source, const std::string& target,
                                            const ProjectNames& names) {
  const auto files = list_folder(source, {""});
  if (!files) return files.error().context(source);
  std::vector<std::string> made;
  for (const std::string& file : *files) {
    const auto text = read_regular_file(source + "/" + file, kMaxFile);
    if (!text) return text.error().context(source + "/" + file);
    made.push_back(fill_in(file, names));
    if (auto ok = write_new(target + "/" + made.back(), fill_in(*text, names)); !ok)
      return ok.error();
  }
  std::sort(made.begin(), made.end());
  return made;
}

}  // namespace

Result<ProjectNames> project_names(const std::string& name, const std::string& id) {
  if (auto ok = accept_name(name); !ok) return ok.error();
  ProjectNames names{name, with(name, '-', '.'), id, with(name, '-', '_'), camel_case(name)};
  if (id.empty()) names.id = "com.example." + name;
  if (auto ok = accept_id(names.id); !ok) return ok.error();
  return names;
}

std::string fill_in(std::string_view text, const ProjectNames& names) {
  const std::array<std::pair<std::string_view, const std::string*>, 5> words{{
      {"com.example.my-plugin", &names.id},
      {"my-plugin", &names.name},
      {"my.plugin", &names.type},
      {"my_plugin", &names.file},
      {"MyPlugin", &names.class_name},
  }};
  std::string out;
  while (!text.empty()) {
    const auto* word = std::find_if(words.begin(), words.end(),
                                    [&](const auto& w) { return text.starts_with(w.first); });
    out += word == words.end() ? std::string_view(text.data(), 1) : std::string_view(*word->second);
    text.remove_prefix(word == words.end() ? 1 : word->first.size());
  }
  return out;
}

Result<std::vector<std::string>> make_project(const std::string& source, const std::string& target,
                                              const ProjectNames& names) {
  std::error_code error;
  if (!std::filesystem::is_directory(source, error))
    return Error{Errc::not_found,
                 format("the template {} is not there: install Virgo with its plugin SDK", source)};
  if (mkdir(target.c_str(), 0777) != 0) {
    if (errno == EEXIST)
      return Error{Errc::invalid, format("{} is there already: nothing is replaced; choose "
                                         "another name, or another folder with --into",
                                         target)};
    return system_error(errno).context(target);
  }
  auto made = copy_files(source, target, names);
  if (!made) std::filesystem::remove_all(target, error);
  return made;
}

}  // namespace virgo::cli
