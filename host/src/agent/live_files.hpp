// The files that are used as they change while the agent runs: the conversation's and
// the Lua plugins'. Watches their folders. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "script/lua_conversation.hpp"
#include "script/lua_plugins.hpp"
#include "uv/folder_watch.hpp"
#include "uv/loop.hpp"

namespace virgo::agent {

class LiveFiles {
 public:
  explicit LiveFiles(uv::Loop& loop) : loop_(loop) {}

  // It is reloaded when its file changes. Outlives this.
  void watch_conversation(script::LuaConversation& conversation);

  // Files in a folder of plugins that come, change or go are taken over; `applied` is
  // told which types that made. `plugins` outlives this.
  using Applied = std::function<void(const script::PluginFile::Changes&)>;
  void watch_plugins(script::LuaPlugins& plugins, const std::string& folder, Applied applied);

  // Looks at once, not when a folder has been quiet for a while.
  void look_now();

 private:
  uv::Loop& loop_;
  std::vector<std::unique_ptr<uv::FolderWatch>> watches_;
};

}  // namespace virgo::agent
