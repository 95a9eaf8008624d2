// What the numbers of /proc/net/rpc/nfs count: the names of the protocol's procedures and
// operations, and those of node_exporter.
#pragma once

#include "nfs_stats.hpp"

namespace plugin {

struct NfsOperation {
  std::string_view name;
  std::string_view node;  // "" = node_exporter does not know it
};

inline constexpr NfsOperation kNfs2[] = {
    {"NULL", "Null"},     {"GETATTR", "GetAttr"},    {"SETATTR", "SetAttr"},
    {"ROOT", "Root"},     {"LOOKUP", "Lookup"},      {"READLINK", "ReadLink"},
    {"READ", "Read"},     {"WRITECACHE", "WrCache"}, {"WRITE", "Write"},
    {"CREATE", "Create"}, {"REMOVE", "Remove"},      {"RENAME", "Rename"},
    {"LINK", "Link"},     {"SYMLINK", "SymLink"},    {"MKDIR", "MkDir"},
    {"RMDIR", "RmDir"},   {"READDIR", "ReadDir"},    {"STATFS", "FsStat"}};

inline constexpr NfsOperation kNfs3[] = {
    {"NULL", "Null"},     {"GETATTR", "GetAttr"}, {"SETATTR", "SetAttr"},
    {"LOOKUP", "Lookup"}, {"ACCESS", "Access"},   {"READLINK", "ReadLink"},
    {"READ", "Read"},     {"WRITE", "Write"},     {"CREATE", "Create"},
    {"MKDIR", "MkDir"},   {"SYMLINK", "SymLink"}, {"MKNOD", "MkNod"},
    {"REMOVE", "Remove"}, {"RMDIR", "RmDir"},     {"RENAME", "Rename"},
    {"LINK", "Link"},     {"READDIR", "ReadDir"}, {"READDIRPLUS", "ReadDirPlus"},
    {"FSSTAT", "FsStat"}, {"FSINFO", "FsInfo"},   {"PATHCONF", "PathConf"},
    {"COMMIT", "Commit"}};

inline constexpr NfsOperation kNfs4[] = {{"NULL", "Null"},
                                         {"READ", "Read"},
                                         {"WRITE", "Write"},
                                         {"COMMIT", "Commit"},
                                         {"OPEN", "Open"},
                                         {"OPEN_CONFIRM", "OpenConfirm"},
                                         {"OPEN_NOATTR", "OpenNoattr"},
                                         {"OPEN_DOWNGRADE", "OpenDowngrade"},
                                         {"CLOSE", "Close"},
                                         {"SETATTR", "Setattr"},
                                         {"FSINFO", "FsInfo"},
                                         {"RENEW", "Renew"},
                                         {"SETCLIENTID", "SetClientID"},
                                         {"SETCLIENTID_CONFIRM", "SetClientIDConfirm"},
                                         {"LOCK", "Lock"},
                                         {"LOCKT", "Lockt"},
                                         {"LOCKU", "Locku"},
                                         {"ACCESS", "Access"},
                                         {"GETATTR", "Getattr"},
                                         {"LOOKUP", "Lookup"},
                                         {"LOOKUP_ROOT", "LookupRoot"},
                                         {"REMOVE", "Remove"},
                                         {"RENAME", "Rename"},
                                         {"LINK", "Link"},
                                         {"SYMLINK", "Symlink"},
                                         {"CREATE", "Create"},
                                         {"PATHCONF", "Pathconf"},
                                         {"STATFS", "StatFs"},
                                         {"READLINK", "ReadLink"},
                                         {"READDIR", "ReadDir"},
                                         {"SERVER_CAPS", "ServerCaps"},
                                         {"DELEGRETURN", "DelegReturn"},
                                         {"GETACL", "GetACL"},
                                         {"SETACL", "SetACL"},
                                         {"FS_LOCATIONS", "FsLocations"},
                                         {"RELEASE_LOCKOWNER", "ReleaseLockowner"},
                                         {"SECINFO", "Secinfo"},
                                         {"FSID_PRESENT", "FsidPresent"},
                                         {"EXCHANGE_ID", "ExchangeID"},
                                         {"CREATE_SESSION", "CreateSession"},
                                         {"DESTROY_SESSION", "DestroySession"},
                                         {"SEQUENCE", "Sequence"},
                                         {"GET_LEASE_TIME", "GetLeaseTime"},
                                         {"RECLAIM_COMPLETE", "ReclaimComplete"},
                                         {"LAYOUTGET", "LayoutGet"},
                                         {"GETDEVICEINFO", "GetDeviceInfo"},
                                         {"LAYOUTCOMMIT", "LayoutCommit"},
                                         {"LAYOUTRETURN", "LayoutReturn"},
                                         {"SECINFO_NO_NAME", "SecinfoNoName"},
                                         {"TEST_STATEID", "TestStateID"},
                                         {"FREE_STATEID", "FreeStateID"},
                                         {"GETDEVICELIST", "GetDeviceList"},
                                         {"BIND_CONN_TO_SESSION", "BindConnToSession"},
                                         {"DESTROY_CLIENTID", "DestroyClientID"},
                                         {"SEEK", "Seek"},
                                         {"ALLOCATE", "Allocate"},
                                         {"DEALLOCATE", "DeAllocate"},
                                         {"LAYOUTSTATS", "LayoutStats"},
                                         {"CLONE", "Clone"},
                                         {"COPY", ""},
                                         {"OFFLOAD_CANCEL", ""},
                                         {"LOOKUPP", ""},
                                         {"LAYOUTERROR", ""},
                                         {"COPY_NOTIFY", ""},
                                         {"GETXATTR", ""},
                                         {"SETXATTR", ""},
                                         {"LISTXATTRS", ""},
                                         {"REMOVEXATTR", ""},
                                         {"READ_PLUS", ""}};

struct NfsVersion {
  std::string_view number;
  const NfsOperation* operations;
  unsigned count;
};
inline constexpr NfsVersion kVersions[kNfsVersions] = {
    {"2", kNfs2, sizeof kNfs2 / sizeof kNfs2[0]},
    {"3", kNfs3, sizeof kNfs3 / sizeof kNfs3[0]},
    {"4", kNfs4, sizeof kNfs4 / sizeof kNfs4[0]}};
static_assert(kVersions[2].count <= kMostOperations);

}  // namespace plugin
