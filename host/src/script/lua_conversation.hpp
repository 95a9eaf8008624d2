// The Conversation in Lua: loads lua-plugins/agent/conversation.lua into a state
// of its own, of the plugin kind, and lets it speak (its globals: agent, queue,
// json, virgo; host/docs/protocol.md has what it says). An error in it ends the
// connection, never the agent. Loop thread only.
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

  const std::string& agent_id() const;

 private:
  struct Parts;
  explicit LuaConversation(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace virgo::script
