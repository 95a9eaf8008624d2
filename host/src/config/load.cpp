#include "config/load.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "config/address.hpp"
#include "config/characters.hpp"
#include "config/path.hpp"
#include "config/reader.hpp"
#include "config/yaml.hpp"

namespace virgo::config {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "unknown-host";
  return name.data();
}

Parsed parse_named(std::string_view text, const std::shared_ptr<const std::string>& name,
                   const Sources& sources, const ParseLimits& limits) {
  const std::string folder = folder_of(*name);
  return read_yaml(text, name, limits,
                   [&](std::string_view scalar) { return substitute(scalar, folder, sources); });
}

// A file's tree; its problems instead if there is none to speak of.
Parsed read_tree(const std::string& file, const Sources& sources, const ParseLimits& limits) {
  auto name = std::make_shared<const std::string>(file);
  const auto text = read_regular_file(file, limits.bytes);
  if (!text) {
    const bool limit = text.error().code == Errc::limit;
    const bool kind = text.error().code == Errc::invalid;
    Parsed out;
    out.problems.push_back({{std::move(name), 0, 0},
                            "",
                            format("{}{}{}", limit || kind ? "" : "cannot be read: ",
                                   text.error().message, limit ? " (limit 'bytes')" : "")});
    return out;
  }
  Parsed out = parse_named(*text, name, sources, limits);
  if (out.root.kind == NodeKind::null && out.problems.empty())
    out.problems.push_back({{std::move(name), 1, 1},
                            "",
                            "the file holds nothing; write at least "
                            "'checks: []'"});
  return out;
}

class Loader {
 public:
  Loader(const std::string& file, const Sources& sources, const ParseLimits& limits)
      : file_(file), sources_(sources), limits_(limits) {}

  Loaded load() {
    Reader reader(draft_, problems_, absolute(folder_of(file_)));
    reader.preset(main_options());
    draft_.spec.id = host_name();
    draft_.spec.plugin_dirs = {sources_.prefix + "/lib/virgo/plugins"};
    draft_.spec.lua_plugin_dirs = {sources_.prefix + "/share/virgo/lua-plugins"};
    draft_.spec.files.push_back(file_);

    Parsed main = read_tree(file_, sources_, limits_);
    problems_ = std::move(main.problems);
    if (main.root.kind != NodeKind::null) {
      reader.read_map(main.root, main_options(), "");
      finish_endpoint(main.root, reader);
      if (const Node* plugins = main.root.find("lua_plugins"))
        draft_.spec.lua_plugins = read_lua_plugins(*plugins, draft_, reader);
      if (const Node* list = main.root.find("checks"))
        draft_.spec.checks =
            read_checks(*list, draft_, problems_, absolute(folder_of(file_)), names_);
      sort_by_place(problems_);
      read_drop_ins(main.root);
    }
    return {std::move(draft_.spec), std::move(problems_)};
  }

 private:
  void finish_endpoint(const Node& root, Reader& reader) {
    const Node* section = root.find("endpoint");
    if (section == nullptr || section->invalid) return;
    EndpointSpec& endpoint = draft_.spec.endpoint;
    endpoint.configured = true;
    endpoint.where = section->where;
    const Node* address = section->find("address");
    if (address != nullptr && !draft_.address.empty()) {
      if (auto parts = split_address(draft_.address)) {
        endpoint.host = std::move(parts->host);
        endpoint.port = parts->port;
      } else {
        reader.problem(address->where, "endpoint.address",
                       "is not an address: write host, host:port or [IPv6 address]:port, with a "
                       "port from 1 to 65535");
      }
    }
    if (endpoint.server_name.empty()) {
      endpoint.server_name = endpoint.host;
      if (address != nullptr && address->secret)
        draft_.spec.masked.push_back("endpoint.server_name");
    }
    if (endpoint.backoff_min > endpoint.backoff_max) {
      const Node& backoff = *section->find("backoff");  // the defaults are in order
      reader.problem(
          backoff.where, "endpoint.backoff",
          format("min ({}) is longer than max ({})", format_duration(endpoint.backoff_min),
                 format_duration(endpoint.backoff_max)));
    }
  }

  void read_drop_ins(const Node& root) {
    const Node* given = root.find("conf_d");
    if (given != nullptr && draft_.conf_d.empty()) return;  // switched off, or a problem
    const std::string folder = conf_d_folder(given);
    const Position blame = given != nullptr
                               ? given->where
                               : Position{std::make_shared<const std::string>(folder), 0, 0};
    const auto files = list_folder(folder, {".yaml", ".yml"}, kMaxDropIns);
    if (!files) {
      if (given == nullptr && files.error().code == Errc::not_found) return;
      const std::string what = given != nullptr && !given->secret ? folder : "the folder";
      problems_.push_back({blame, given != nullptr ? "conf_d" : "",
                           format("{} cannot be read: {}", what, files.error().message)});
    } else if (files->size() > kMaxDropIns) {
      problems_.push_back({blame, given != nullptr ? "conf_d" : "",
                           format("more than {} drop-in files", kMaxDropIns)});
    } else {
      for (const std::string& name : *files) read_drop_in(folder, name);
      return;
    }
    if (given != nullptr) sort_by_place(problems_);
  }

  // As it was written, so that positions read well.
  std::string conf_d_folder(const Node* given) const {
    const std::string_view path = given != nullptr ? std::string_view(given->text) : "conf.d";
    std::string folder = join(folder_of(file_), path);
    while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
    return folder;
  }

  void read_drop_in(const std::string& folder, const std::string& name) {
    const std::string file = join(folder, name);
    Problems problems;
    std::vector<CheckSpec> checks;
    if (name.ends_with(".yml")) {
      problems.push_back({{std::make_shared<const std::string>(file), 0, 0},
                          "",
                          "is not read: rename it to .yaml"});
    } else {
      draft_.spec.files.push_back(file);
      Parsed parsed = read_tree(file, sources_, limits_);
      problems = std::move(parsed.problems);
      if (parsed.root.kind != NodeKind::null) {
        const std::string from = absolute(folder_of(file));
        Reader(draft_, problems, from).read_map(parsed.root, drop_in_options(), "");
        if (const Node* list = parsed.root.find("checks"))
          checks = read_checks(*list, draft_, problems, from, names_);
        sort_by_place(problems);
      }
    }
    if (problems.empty()) {
      for (CheckSpec& check : checks) check.from_drop_in = true;
      std::move(checks.begin(), checks.end(), std::back_inserter(draft_.spec.checks));
    } else {
      // Nothing of a failed file counts, so its names are free for the next.
      std::erase_if(names_, [&](const auto& taken) { return *taken.second.file == file; });
      draft_.spec.failed_drop_ins.push_back({failed_name(folder, name), std::move(problems)});
    }
  }

  static std::string failed_name(std::string_view folder, std::string_view name) {
    std::string out = format("{}/{}", folder.substr(folder.rfind('/') + 1), name);
    for (char& c : out)
      if (!has_only({&c, 1}, kNamePunctuation)) c = '_';
    if (out.size() > 128) out.resize(128);
    return out;
  }

  const std::string& file_;
  const Sources& sources_;
  const ParseLimits& limits_;
  Draft draft_;
  Problems problems_;
  CheckNames names_;
};

}  // namespace

Sources process_sources() {
  Sources out;
  out.environment = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
  std::array<char, PATH_MAX> binary{};
  const ssize_t n = readlink("/proc/self/exe", binary.data(), binary.size());
  if (n > 0) {
    const std::string_view path(binary.data(), static_cast<std::size_t>(n));
    out.prefix = folder_of(folder_of(path));
    if (out.prefix == "/") out.prefix.clear();
  }
  return out;
}

Loaded load(const std::string& file, const Sources& sources, const ParseLimits& limits) {
  return Loader(file, sources, limits).load();
}

Parsed parse(std::string_view text, const std::string& name, const Sources& sources,
             const ParseLimits& limits) {
  return parse_named(text, std::make_shared<const std::string>(name), sources, limits);
}

}  // namespace virgo::config
