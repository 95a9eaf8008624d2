// What the running agent says on its control socket. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "agent/self_check.hpp"
#include "alert/judge.hpp"
#include "base/clock.hpp"
#include "check/registry.hpp"
#include "control/server.hpp"
#include "schedule/scheduler.hpp"
#include "script/lua_conversation.hpp"
#include "script/lua_plugins.hpp"
#include "uv/loop.hpp"

namespace virgo::agent {

// What answers are made of. All must outlive the server.
struct ControlSources {
  const Clock& clock;
  const schedule::Scheduler& scheduler;
  const alert::Judge& judge;
  const check::Registry& registry;
  const script::LuaPlugins& plugins;
  const script::LuaConversation& conversation;
  std::function<SelfFigures()> figures;
  std::string endpoint;  // "collector.example:443"
};

// "status" and "checks" (all, or the one that is "name"). Both have as "broken_files" those
// that cannot be used as they are now, "checks" with a name only the check's.
control::Server::Answers control_answers(ControlSources sources);

// Opens the control socket. Null where `path` is "", and where it is the default and
// cannot be used here, which is logged: only a path that was chosen is an error. The
// default's folder is made if root runs this.
Result<std::unique_ptr<control::Server>> open_control(uv::Loop& loop, const std::string& path,
                                                      control::Server::Answers answers);

}  // namespace virgo::agent
