// Where Virgo's own parts lie, relative to the binary: the build tree and an
// installed tree have the same shape (bin/, lib/virgo/plugins, share/virgo).
#pragma once

#include <string>

namespace virgo::agent {

// The running binary's file, "" if unknown.
std::string executable();
// The folder above the binary's bin/: "/usr", or the build tree.
std::string prefix();
// prefix() + "/share/virgo/lua-plugins" + "/" + name.
std::string shipped_lua(const std::string& name);
// The name this machine goes by (uname's node name).
std::string host_name();

}  // namespace virgo::agent
