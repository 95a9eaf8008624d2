// Which mounts to report.
#pragma once

#include <shared/naming.hpp>
#include <shared/words.hpp>

#include "mountinfo.hpp"

namespace plugin {

// Kernel interfaces, memory, images, and overlays of what is reported anyway.
constexpr std::string_view kNotStorage[] = {
    "autofs",     "binfmt_misc", "bpf",           "cgroup",          "cgroup2",  "configfs",
    "debugfs",    "devpts",      "devtmpfs",      "efivarfs",        "erofs",    "fuse.gvfsd-fuse",
    "fuse.lxcfs", "fuse.portal", "fuse.snapfuse", "fuse.squashfuse", "fusectl",  "hugetlbfs",
    "iso9660",    "mqueue",      "nsfs",          "overlay",         "proc",     "pstore",
    "ramfs",      "rpc_pipefs",  "securityfs",    "selinuxfs",       "squashfs", "sysfs",
    "tmpfs",      "tracefs"};

// What node_exporter 1.5 leaves out.
constexpr std::string_view kExporterTypes[] = {
    "autofs",     "binfmt_misc", "bpf",       "cgroup",   "cgroup2",   "configfs",
    "debugfs",    "devpts",      "devtmpfs",  "fusectl",  "hugetlbfs", "iso9660",
    "mqueue",     "nsfs",        "overlay",   "proc",     "procfs",    "pstore",
    "rpc_pipefs", "securityfs",  "selinuxfs", "squashfs", "sysfs",     "tracefs"};
constexpr std::string_view kExporterPoints[] = {"/dev", "/proc", "/sys"};  // and below
constexpr std::string_view kExporterFolders[] = {                          // only below
    "/run/credentials/", "/var/lib/docker/", "/var/lib/containers/storage/"};

// Servers that may be away.
constexpr std::string_view kRemote[] = {"9p",    "afs",       "beegfs", "ceph",   "cifs",    "coda",
                                        "gfs2",  "glusterfs", "gpfs",   "lustre", "nfs",     "nfs4",
                                        "ocfs2", "orangefs",  "smb3",   "smbfs",  "virtiofs"};

template <size_t N>
bool among(const std::string_view (&list)[N], std::string_view word) {
  for (const std::string_view w : list)
    if (w == word) return true;
  return false;
}

// Whether somebody else has to answer, who may never do.
inline bool may_hang(std::string_view type) {
  return among(kRemote, type) || (starts_with(type, "fuse") && type != "fusectl");
}

inline bool exporter_leaves_out(const Mount& m) {
  const std::string_view point = m.point;
  for (const std::string_view p : kExporterPoints)
    if (starts_with(point, p) && (point.size() == p.size() || point[p.size()] == '/')) return true;
  for (const std::string_view p : kExporterFolders)
    if (starts_with(point, p) && point.size() > p.size()) return true;
  return among(kExporterTypes, m.type);
}

struct Filter {
  Words include_types;
  Words exclude_types;
  Words include_mountpoints;
  Naming naming = Naming::otel;

  bool wants(const Mount& m) const {
    if (exclude_types.has(m.type)) return false;
    if (!include_mountpoints.empty() && !include_mountpoints.has(m.point)) return false;
    if (!include_types.empty()) return include_types.has(m.type);
    if (!include_mountpoints.empty()) return true;
    if (naming == Naming::prometheus) return !exporter_leaves_out(m);
    // The root is reported whatever it is.
    return strcmp(m.point, "/") == 0 || !among(kNotStorage, m.type);
  }
};

}  // namespace plugin
