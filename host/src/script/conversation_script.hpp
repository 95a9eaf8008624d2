// One incarnation of the conversation: the state that a conversation.lua runs in,
// its tasks, and what it can call: the globals `agent`, `queue` and the object
// `link`. Internal to script/. Loop thread only.
//
// Two sets of tasks. Those of the link speak: opened() or resumed(), and what they
// spawn. Those of requests answer the endpoint, one each. When a newer incarnation
// takes over, the first are dropped as soon as they wait for something else than a
// reply, and the second run to their end.
#pragma once

#include <map>
#include <memory>
#include <set>

#include "binding/strand.hpp"
#include "binding/task.hpp"
#include "deliver/queue.hpp"
#include "script/handed.hpp"
#include "script/lua_conversation.hpp"
#include "uv/timer.hpp"

namespace virgo::endpoint {
class Link;
}

namespace virgo::script {

struct ConversationScript final : binding::Context {
  // Runs `source`; `file` is for messages. The error names file and line. The
  // references outlive the script.
  static Result<std::unique_ptr<ConversationScript>> make(uv::Loop& loop, lua::Watchdog& watchdog,
                                                          deliver::Queue& queue,
                                                          const AgentInfo& agent,
                                                          const std::string& file,
                                                          std::string source);
  ~ConversationScript() override;

  // The connection is new; or it was the last incarnation's, which left `handed`.
  void open(endpoint::Link& link);
  void resume(endpoint::Link& link, const Handed& handed);
  void request(const endpoint::Message& request);
  // The connection is gone: everything is dropped.
  void closed();

  // No more is begun; `link_done` is called, from the loop, when the last task of
  // the link has ended, and `all_done` when those of requests have, too.
  void retire(std::function<void()> link_done, std::function<void()> all_done);
  // What handover() returns; nil, and a line in the log, when that does not work.
  Handed hand_over();
  // Drops the tasks of requests; the endpoint is told.
  void drop_requests();
  bool idle() const { return of_link->size() == 0 && of_requests->size() == 0; }

  // Of bindings and tasks.
  void log(LogLevel level, std::string_view text) override;
  void failed(const lua::Failure& failure);
  void close_link(const std::string& why);
  // A request of this script's was answered well, and it could use the answer.
  void exchanged();
  void wake_queue_waiter();

  deliver::Queue& queue;
  const AgentInfo& agent;
  const std::string source;
  endpoint::Link* link = nullptr;
  bool retired = false;
  // While set, the script is on trial: told why it failed, in place of the link.
  std::function<void(const std::string&)> on_failure;
  std::function<void()> on_exchange;  // the first one; the trial is over

  binding::Strand* queue_waiter = nullptr;
  std::multiset<const binding::Strand*> asking;  // tasks that wait in link:request
  std::unique_ptr<lua::State> state;
  std::unique_ptr<binding::TaskSet> of_link;
  std::unique_ptr<binding::TaskSet> of_requests;
  int module_ref = -1;  // what conversation.lua returned
  int link_ref = -1;    // the `link` object
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);

 private:
  ConversationScript(uv::Loop& loop, deliver::Queue& q, const AgentInfo& a, std::string text);
  bool push_function(const char* name);
  void answered(std::uint64_t number, lua_State* results);
  void request_failed(std::uint64_t number, const lua::Failure& failure);

  std::map<std::uint64_t, json::Value> open_requests_;  // their ids, by own numbers
  std::uint64_t requests_ = 0;
  bool failing_ = false;  // on_failure was called
  uv::Timer patience_;    // with its requests, once it is retired
};

// Sets up the globals of the ConversationScript at index 1, a light userdata, and
// its link_ref. May raise; for State::protect().
int open_conversation_globals(lua_State* L);
// Makes `agent.checks` anew; the same.
int update_checks(lua_State* L);

}  // namespace virgo::script
