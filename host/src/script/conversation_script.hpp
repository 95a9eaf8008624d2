// The state of a conversation, and what it can call: the globals `agent`, `queue`
// and the object `link`. Internal to script/. Loop thread only.
#pragma once

#include <memory>

#include "binding/strand.hpp"
#include "binding/task.hpp"
#include "deliver/queue.hpp"
#include "script/lua_conversation.hpp"

namespace virgo::endpoint {
class Link;
}

namespace virgo::script {

// One state and all that goes with it; made anew when the state is spent.
struct ConversationScript final : binding::Context {
  deliver::Queue& queue;
  const AgentInfo& agent;
  endpoint::Link* link = nullptr;
  binding::Strand* queue_waiter = nullptr;
  std::unique_ptr<lua::State> state;
  std::unique_ptr<binding::TaskSet> running;
  int module_ref = -1;  // what conversation.lua returned
  int link_ref = -1;    // the `link` object
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);

  ConversationScript(uv::Loop& l, deliver::Queue& q, const AgentInfo& a)
      : Context(l, system_clock()), queue(q), agent(a) {}
  ~ConversationScript() override {
    *alive = false;
    if (running) running->clear();
  }

  void log(LogLevel level, std::string_view text) override;
  void failed(const lua::Failure& failure);
  void wake_queue_waiter();
};

// Sets up the globals of the ConversationScript at index 1, a light userdata, and
// its link_ref. May raise; for State::protect().
int open_conversation_globals(lua_State* L);

}  // namespace virgo::script
