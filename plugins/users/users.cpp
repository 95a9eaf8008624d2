// virgo.users: who is logged in, from utmp, or where there is none from the sessions that
// systemd keeps.
#include <shared/folder.hpp>
#include <shared/naming.hpp>
#include <shared/proc_file.hpp>

#include "distinct.hpp"
#include "login_session.hpp"
#include "utmp.hpp"

namespace {

using plugin::Distinct;
using virgo::sdk::gauge;

class Users {
 public:
  static constexpr const char* kName = "virgo.users";
  static constexpr const char* kSummary = "Sessions of users who are logged in.";
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;
  enum Metric : uint32_t { kSessions, kUsers, kNodeSessions, kNodeUsers };
  static constexpr virgo_metric kMetrics[] = {
      gauge("virgo.users.sessions", "{session}", "Sessions of users, on terminals and remote.",
            VIRGO_U64),
      gauge("virgo.users.count", "{user}", "Different users who are logged in.", VIRGO_U64),
      gauge("node_users_sessions", nullptr, "Sessions of users.", VIRGO_U64),
      gauge("node_users", nullptr, "Different users who are logged in.", VIRGO_U64)};
  static constexpr virgo_param kParams[] = {plugin::naming_param(), plugin::root_param()};

  explicit Users(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    naming_ = plugin::naming_of(root);
    const std::string_view prefix = root["root"].as_text();
    const bool done = utmp_.set_path(prefix, "/run/utmp") &&
                      old_utmp_.set_path(prefix, "/var/run/utmp") &&
                      sessions_.set(prefix, "/run/systemd/sessions") && proc_.set(prefix, "/proc");
    return done ? VIRGO_OK : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    Distinct users;
    bool found = false;
    virgo_status status = read_utmp(run, utmp_, users, &found);
    if (status == VIRGO_OK && !found) status = read_utmp(run, old_utmp_, users, &found);
    if (status == VIRGO_OK && !found) status = read_sessions(run, users, &found);
    if (status < 0) return status;
    if (!found) {
      plugin::explain(run,
                      "there is neither %s nor %s: nothing on this host keeps a list of who is "
                      "logged in",
                      utmp_.path(), sessions_.c_str());
      return VIRGO_ERR_UNSUPPORTED;
    }
    const bool otel = naming_ == plugin::Naming::otel;
    run.emit(otel ? kSessions : kNodeSessions, users.added());
    run.emit(otel ? kUsers : kNodeUsers, users.count());
    return VIRGO_OK;
  }

 private:
  static virgo_status failed(virgo::sdk::Run run, const char* path) {
    plugin::explain(run, "%s: %s", path, strerror(errno));
    return VIRGO_ERR_FAILED;
  }

  virgo_status read_utmp(virgo::sdk::Run run, plugin::ProcFile& file, Distinct& users,
                         bool* found) const {
    size_t length = 0;
    const char* text = file.try_read(&length);
    if (text == nullptr)
      return errno == ENOENT || errno == ENOTDIR ? VIRGO_OK : failed(run, file.path());
    *found = true;
    plugin::Folder proc;
    // Other users' processes may be hidden, and then are not known to have ended.
    const bool knows = proc.open(proc_.c_str()) && faccessat(proc.fd(), "1", F_OK, 0) == 0;
    std::string_view rest(text, length);
    plugin::UtmpLogin login{};
    while (plugin::next_login(rest, &login)) {
      if (knows && login.pid != 0 && has_ended(proc, login.pid)) continue;
      if (!users.add(login.user)) return VIRGO_ERR_NO_MEMORY;
    }
    return VIRGO_OK;
  }
  // What crashed has left its record behind.
  static bool has_ended(const plugin::Folder& proc, int32_t pid) {
    char name[12];
    snprintf(name, sizeof name, "%d", pid);
    return faccessat(proc.fd(), name, F_OK, 0) != 0;
  }

  virgo_status read_sessions(virgo::sdk::Run run, Distinct& users, bool* found) const {
    plugin::Folder folder;
    if (!folder.open(sessions_.c_str()))
      return errno == ENOENT || errno == ENOTDIR ? VIRGO_OK : failed(run, sessions_.c_str());
    *found = true;
    plugin::Entries entries(folder);
    plugin::Entries::Entry entry{};
    while (entries.next(&entry)) {
      // "7.ref" is a pipe that must not be opened; "." and temporary files have dots too.
      if (strchr(entry.name, '.') != nullptr) continue;
      if (entry.type != DT_REG && entry.type != DT_UNKNOWN) continue;
      if (run.time_left_ns() == 0) return VIRGO_ERR_TIMEOUT;
      char text[4096];
      const ssize_t n = plugin::read_small(folder.fd(), entry.name, text, sizeof text);
      if (n < 0 && errno != ENOENT) return failed(run, sessions_.c_str());
      const auto user = plugin::user_of_session({text, n > 0 ? static_cast<size_t>(n) : 0});
      if (!user.empty() && !users.add(user)) return VIRGO_ERR_NO_MEMORY;
    }
    return VIRGO_OK;
  }

  plugin::ProcFile utmp_;
  plugin::ProcFile old_utmp_;
  plugin::Text sessions_;
  plugin::Text proc_;
  plugin::Naming naming_ = plugin::Naming::otel;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.users", "0.2.0", Users);
