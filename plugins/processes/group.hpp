// A group of processes as the configuration describes it: all that is given must match.
#pragma once

#include <regex.h>

#include <new>
#include <shared/words.hpp>

#include "passwd.hpp"
#include "scan.hpp"
#include "usage.hpp"

namespace plugin {

class Group {
 public:
  Group() = default;
  ~Group() {
    if (has_cmdline_) regfree(&cmdline_);
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  // False when there is no memory. What is wrong with the configuration is rejected.
  bool set(std::string_view name, virgo::sdk::Config config, std::string_view root,
           ProcFile& passwd) {
    if (config.kind() != VIRGO_NODE_MAP || config.size() == 0) {
      config.reject("must be a map with at least one of name, cmdline, pidfile and user");
      return true;
    }
    for (uint32_t i = 0; i < config.size(); ++i) {
      const std::string_view key = config.key_at(i);
      if (key != "name" && key != "cmdline" && key != "pidfile" && key != "user")
        config.at(i).reject("a group has name, cmdline, pidfile and user");
    }
    return name_.set(name) && set_names(config["name"]) && set_cmdline(config["cmdline"]) &&
           set_pidfile(config["pidfile"], root) && set_user(config["user"], passwd);
  }

  // Of the run that begins.
  void begin() {
    usage = {};
    pid_ = has_pidfile_ ? read_pid() : 0;
  }
  // What can change at any time and costs little to find out.
  bool may_want(const Process& p) const {
    if (has_pidfile_ && p.pid != pid_) return false;
    if (names_.count == 0) return true;
    for (uint32_t i = 0; i < names_.count; ++i)
      if (fnmatch(names_.texts[i], p.comm, 0) == 0) return true;
    return false;
  }
  // What needs more files of the process, and is decided once.
  bool needs_user() const { return has_user_; }
  bool needs_cmdline() const { return has_cmdline_; }
  bool wants_user(uint64_t user) const { return !has_user_ || user == user_; }
  // Of kernel threads, which have no command line, none matches.
  bool wants_cmdline(const char* cmdline) const {
    return !has_cmdline_ || (cmdline[0] != '\0' && regexec(&cmdline_, cmdline, 0, nullptr, 0) == 0);
  }
  const char* name() const { return name_.c_str(); }
  // Why the pid file, which is there, cannot be read; 0 = it can.
  int pidfile_error() const { return pidfile_error_; }
  const char* pidfile() const { return pidfile_.c_str(); }

  Usage usage;     // of the run under way
  Counters total;  // of all members there have been

 private:
  // The kernel cuts a name to fifteen bytes; so is a name in the configuration that has
  // no pattern in it, or long names would never match.
  struct Names {
    char** texts = nullptr;
    uint32_t count = 0;
    ~Names() {
      for (uint32_t i = 0; i < count; ++i) free(texts[i]);
      free(texts);
    }
  };

  bool set_names(virgo::sdk::Config config) {
    const bool is_list = config.kind() == VIRGO_NODE_LIST;
    const uint32_t count = is_list ? config.size() : static_cast<uint32_t>(bool(config));
    if (count == 0) return true;
    names_.texts = static_cast<char**>(calloc(count, sizeof(char*)));
    if (names_.texts == nullptr) return false;
    for (uint32_t i = 0; i < count; ++i) {
      const std::string_view text = is_list ? config.at(i).as_text() : config.as_text();
      if (text.empty()) (is_list ? config.at(i) : config).reject("must be a name or a pattern");
      bool plain = true;
      for (const char c : text) plain = plain && c != '*' && c != '?' && c != '[' && c != '\\';
      const size_t most = sizeof Process::comm - 1;
      const size_t size = plain && text.size() > most ? most : text.size();
      names_.texts[i] = strndup(size == 0 ? "" : text.data(), size);
      if (names_.texts[i] == nullptr) return false;
      names_.count = i + 1;
    }
    return true;
  }
  bool set_cmdline(virgo::sdk::Config config) {
    if (!config) return true;
    Text pattern;
    if (!pattern.set(config.as_text())) return false;
    const int error = regcomp(&cmdline_, pattern.c_str(), REG_EXTENDED | REG_NOSUB);
    has_cmdline_ = error == 0;
    if (has_cmdline_) return true;
    char why[256] = "is no extended regular expression: ";
    const size_t n = strlen(why);
    regerror(error, &cmdline_, why + n, sizeof why - n);
    config.reject(why);
    return true;
  }
  bool set_pidfile(virgo::sdk::Config config, std::string_view root) {
    if (!config) return true;
    has_pidfile_ = true;
    if (config.as_text().empty()) config.reject("must be the path of a file");
    return pidfile_.set(root, config.as_text());
  }
  bool set_user(virgo::sdk::Config config, ProcFile& passwd) {
    if (!config) return true;
    has_user_ = true;
    size_t length = 0;
    const std::string_view name = config.as_text();
    const char* text = to_u64(name, &user_) ? nullptr : passwd.try_read(&length);
    if (find_user({text, text == nullptr ? 0 : length}, name, &user_)) return true;
    char why[320];
    snprintf(why, sizeof why, "%s has no such user; give the number of one from elsewhere",
             passwd.path());
    config.reject(why);
    return true;
  }

  // 0 = there is none: what it is about does not run.
  int32_t read_pid() {
    char text[64];
    const ssize_t n = read_small(AT_FDCWD, pidfile_.c_str(), text, sizeof text);
    uint64_t pid = 0;
    pidfile_error_ = n < 0 && errno != ENOENT ? errno : 0;
    if (n <= 0) return 0;
    std::string_view rest = trimmed({text, static_cast<size_t>(n)});
    if (!to_u64(trimmed(take_until(rest, '\n')), &pid) || pid > INT32_MAX) return 0;
    return static_cast<int32_t>(pid);
  }

  Text name_;
  Names names_;
  regex_t cmdline_{};
  bool has_cmdline_ = false;
  Text pidfile_;
  bool has_pidfile_ = false;
  int pidfile_error_ = 0;
  int32_t pid_ = 0;
  bool has_user_ = false;
  uint64_t user_ = 0;
};

// The groups of a check, in the order of the configuration.
class Groups {
 public:
  // A process knows its groups by the bits of one number.
  static constexpr uint32_t kMost = 64;

  Groups() = default;
  ~Groups() { clear(); }
  Groups(const Groups&) = delete;
  Groups& operator=(const Groups&) = delete;

  bool set(virgo::sdk::Config map, std::string_view root) {
    clear();
    if (map.size() > kMost) {
      map.reject("has more than 64 groups: make another check for them");
      return true;
    }
    ProcFile passwd;
    if (!passwd.set_path(root, "/etc/passwd")) return false;
    if (map.size() == 0) return true;
    items_ = static_cast<Group*>(calloc(map.size(), sizeof(Group)));
    if (items_ == nullptr) return false;
    for (uint32_t i = 0; i < map.size(); ++i) {
      Group* group = new (&items_[i]) Group;
      count_ = i + 1;
      if (!group->set(map.key_at(i), map.at(i), root, passwd)) return false;
    }
    return true;
  }
  uint32_t size() const { return count_; }
  Group* begin() { return items_; }
  Group* end() { return items_ + count_; }
  Group& operator[](uint32_t i) { return items_[i]; }

 private:
  void clear() {
    for (Group& group : *this) group.~Group();
    free(items_);
    items_ = nullptr;
    count_ = 0;
  }
  Group* items_ = nullptr;
  uint32_t count_ = 0;
};

}  // namespace plugin
