// Opening files for scripts: a path that was permitted (permits.hpp) may have symbolic
// links in it, and whoever can write into a folder must not lead the agent to files which
// they could not read themselves. Any thread; blocks as long as the file system does.
#pragma once

#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/result.hpp"

namespace virgo::binding {

class Context;

// What the script may read, for use on another thread.
struct Reach {
  bool bounded = false;  // false: anything
  std::vector<std::string> declared;
  std::vector<std::string> allowed;  // if the configuration narrows it
  bool narrowed = false;
  std::string option;  // that does, for messages
};
// Of the code that executes. Loop thread.
Reach reach_of(const Context& context);

// The file, folder, or whatever it is, opened to look at it only (O_PATH); reopen() is for
// what is in it. A link on the way is followed if
//   root or the agent's own user has made it, or
//   it belongs to the owner of what it leads to, or
//   what it leads to may be read, under the name it has there;
// else it is Errc::denied, and the message says where it leads. The links of /proc that
// stand for what a process has open are of the last kind only. Other errors are as of
// open(); no message names `path`.
Result<Descriptor> open_permitted(const std::string& path, const Reach& reach);

// The same file again, with `flags` of open(). Nobody can have put another in its place.
Result<Descriptor> reopen(const Descriptor& looked_at, int flags);

}  // namespace virgo::binding
