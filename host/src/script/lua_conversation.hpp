// The Conversation in Lua: loads lua-plugins/agent/conversation.lua into a state
// of its own, of the plugin kind, and lets it speak (its globals: agent, queue,
// json, virgo; host/docs/protocol.md has what it says). An error in it ends the
// connection, never the agent.
//
// It can be replaced while it speaks. reload() runs the file's new text aside; if
// that works, the new one answers requests from then on, the old one's tasks of the
// link end at their next wait (those that wait for a reply get it first), and then
// the new one goes on with the same connection where the old one was:
//
//   old: opened(link) ......... handover() --> table
//   new:                                       resumed(link, table) .........
//
// The new one is on trial until it has completed its first exchange. If it fails
// before, the old text is run again in its place. Loop thread only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "deliver/queue.hpp"
#include "endpoint/conversation.hpp"
#include "lua/watchdog.hpp"
#include "metric/report.hpp"
#include "uv/loop.hpp"

namespace virgo::script {

// What the conversation is told about the agent.
struct AgentInfo {
  std::string id;
  std::string version;
  std::string token;
  Duration request_timeout = std::chrono::seconds(30);
  Duration flush_interval{};  // reports are gathered for so long
  std::vector<metric::CheckIdentity> checks;
  std::function<bool()> stopping;
};

class LuaConversation final : public endpoint::Conversation {
 public:
  // Reads and runs `file`. The error names file and line. `queue` and `watchdog`
  // outlive this.
  static Result<std::unique_ptr<LuaConversation>> load(uv::Loop& loop, lua::Watchdog& watchdog,
                                                       deliver::Queue& queue, AgentInfo info,
                                                       const std::string& file);
  ~LuaConversation() override;

  void opened(endpoint::Link& link) override;
  void requested(endpoint::Link& link, const endpoint::Message& request) override;
  void closed(const Error& why) override;

  // Reads the file again. Nothing happens if its text is the one that runs, or one
  // that failed; what cannot be used is reported in the log, and the old one goes on.
  void reload();
  // The agent's checks are others now.
  void set_checks(std::vector<metric::CheckIdentity> checks);

  const std::string& agent_id() const;
  const std::string& file() const;
  // What is wrong with the file as it is now; "" = it is the one that runs.
  const std::string& problem() const;
  // Incarnations that are not closed: 1, and more while one takes over.
  std::size_t states() const;

 private:
  struct Parts;
  explicit LuaConversation(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace virgo::script
