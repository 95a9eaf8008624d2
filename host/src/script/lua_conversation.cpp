#include "script/lua_conversation.hpp"

#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "endpoint/link.hpp"
#include "lua/state.hpp"
#include "script/conversation_script.hpp"
#include "script/file_text.hpp"

namespace virgo::script {
namespace {

constexpr const char* kComponent = "conversation";
// For replies that a retired script waits for, before the next one speaks.
constexpr Duration kReplyPatience = std::chrono::seconds(10);
// Connections that may end before a new script has completed an exchange.
constexpr unsigned kMaxLosses = 2;

using Script = std::unique_ptr<ConversationScript>;

}  // namespace

struct LuaConversation::Parts {
  uv::Loop& loop;
  lua::Watchdog& watchdog;
  deliver::Queue& queue;
  AgentInfo agent;
  const std::string file;
  endpoint::Link* link = nullptr;
  Script script;                          // answers requests, and speaks unless one hands over
  std::vector<Script> retired;            // with tasks still
  ConversationScript* handing = nullptr;  // of these: the next one waits for it
  Handed handed;                          // the last handed over on this link
  bool opened = false;                    // nobody had spoken on it before `script`
  std::string good;                       // the last text that completed an exchange
  std::string bad;                        // the last that could not be used
  std::string bad_why;                    // what is wrong with it
  std::string unreadable;                 // the last reason why there was none
  unsigned losses = 0;
  uv::Timer patience;
  std::shared_ptr<bool> alive = std::make_shared<bool>(true);

  Parts(uv::Loop& l, lua::Watchdog& w, deliver::Queue& q, AgentInfo a, std::string f)
      : loop(l),
        watchdog(w),
        queue(q),
        agent(std::move(a)),
        file(std::move(f)),
        patience(l, [this] {
          if (handing != nullptr) handing->of_link->clear();
        }) {}
  ~Parts() { *alive = false; }

  Result<Script> make(std::string source) {
    return ConversationScript::make(loop, watchdog, queue, agent, file, std::move(source));
  }
  void put_on_trial();
  void replace(Script next);
  void take_over();
  void fall_back(const std::string& why);
  void sweep();
};

void LuaConversation::Parts::put_on_trial() {
  losses = 0;
  script->on_exchange = [this] {
    good = script->source;
    log_info(kComponent, "the new {} speaks", file);
  };
  // Not from within its own code.
  script->on_failure = [this, s = script.get()](const std::string& why) {
    loop.post([this, alive = this->alive, s, why] {
      if (*alive && script.get() == s) fall_back(why);
    });
  };
}

// From here on `next` answers; it speaks when the tasks of the link have ended.
void LuaConversation::Parts::replace(Script next) {
  Script old = std::exchange(script, std::move(next));
  script->link = link;
  ConversationScript& o = *old;
  retired.push_back(std::move(old));
  // One that has not spoken yet has nothing to hand over.
  const bool hands_over = link != nullptr && handing == nullptr;
  if (hands_over) {
    handing = &o;
    patience.start(kReplyPatience);
  }
  o.retire(
      [this, &o, hands_over] {
        if (hands_over && handing == &o) {
          handed = o.hand_over();
          take_over();
        }
        sweep();
      },
      [this] { sweep(); });
}

void LuaConversation::Parts::take_over() {
  handing = nullptr;
  patience.stop();
  if (link == nullptr || link->closed()) return;
  opened = false;
  script->resume(*link, handed);
}

// Of the link it keeps what it was handed; nothing that it did is trusted.
void LuaConversation::Parts::fall_back(const std::string& why) {
  bad = script->source;
  bad_why = why;
  auto made = make(good);
  if (!made) {
    log_error(kComponent, "{}; the old one cannot be made again: {}", why, made.error().message);
    if (link != nullptr) link->close({Errc::failed, why});
    return;
  }
  log_error(kComponent,
            "the new {} failed before it had completed an exchange: {}; the old one goes on", file,
            why);
  Script failed = std::exchange(script, std::move(made).value());
  script->link = link;
  ConversationScript& f = *failed;
  retired.push_back(std::move(failed));
  f.of_link->clear();
  f.retire([] {}, [this] { sweep(); });
  if (opened && link != nullptr)
    script->open(*link);
  else if (handing == nullptr)
    take_over();
  sweep();
}

void LuaConversation::Parts::sweep() {
  std::erase_if(retired, [this](const Script& s) { return s.get() != handing && s->idle(); });
}

LuaConversation::LuaConversation(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {
  parts_->queue.on_ready([p = parts_.get()] { p->script->wake_queue_waiter(); });
}

LuaConversation::~LuaConversation() {
  parts_->queue.on_ready(nullptr);
}

Result<std::unique_ptr<LuaConversation>> LuaConversation::load(uv::Loop& loop,
                                                               lua::Watchdog& watchdog,
                                                               deliver::Queue& queue,
                                                               AgentInfo info,
                                                               const std::string& file) {
  auto parts = std::make_unique<Parts>(loop, watchdog, queue, std::move(info), file);
  auto text = read_script(file);
  if (!text) return text.error();
  auto script = parts->make(std::move(text).value());
  if (!script) return script.error();
  parts->script = std::move(script).value();
  parts->good = parts->script->source;
  return std::unique_ptr<LuaConversation>(new LuaConversation(std::move(parts)));
}

const std::string& LuaConversation::agent_id() const {
  return parts_->agent.id;
}

const std::string& LuaConversation::file() const {
  return parts_->file;
}

const std::string& LuaConversation::problem() const {
  return parts_->unreadable.empty() ? parts_->bad_why : parts_->unreadable;
}

std::size_t LuaConversation::states() const {
  return 1 + parts_->retired.size();
}

void LuaConversation::reload() {
  Parts& p = *parts_;
  auto text = read_script(p.file);
  if (!text) {
    if (std::exchange(p.unreadable, text.error().message) != text.error().message)
      log_error(kComponent, "{}; the conversation that runs goes on", text.error().message);
    return;
  }
  p.unreadable.clear();
  if (*text == p.bad) return;
  p.bad.clear();
  p.bad_why.clear();
  if (*text == p.script->source) return;
  auto made = p.make(*text);
  if (!made) {
    p.bad = std::move(text).value();
    p.bad_why = made.error().message;
    log_error(kComponent, "{}; the conversation that runs goes on", made.error().message);
    return;
  }
  log_info(kComponent, "{} has changed: the new one takes over", p.file);
  p.replace(std::move(made).value());
  p.put_on_trial();
}

void LuaConversation::set_checks(std::vector<metric::CheckIdentity> checks) {
  Parts& p = *parts_;
  p.agent.checks = std::move(checks);
  if (const auto done = p.script->state->protect(update_checks, p.script.get()); !done)
    log_error(kComponent, "cannot be told of the checks: {}", done.error().message);
}

void LuaConversation::opened(endpoint::Link& link) {
  parts_->link = &link;
  parts_->handed = Handed();
  parts_->opened = true;
  parts_->script->open(link);
}

void LuaConversation::requested(endpoint::Link&, const endpoint::Message& request) {
  parts_->script->request(request);
}

void LuaConversation::closed(const Error& why) {
  Parts& p = *parts_;
  p.link = nullptr;
  p.handing = nullptr;
  p.patience.stop();
  p.script->closed();
  p.retired.clear();
  if (p.script->on_failure && ++p.losses >= kMaxLosses) p.fall_back(why.message);
  if (!p.script->state->spent()) return;
  auto fresh = p.make(p.script->source);
  if (fresh) {
    p.script = std::move(fresh).value();
    return;
  }
  // Keep the spent one: opened() will fail, and be tried again with back-off.
  log_error(kComponent, "cannot be loaded again: {}", fresh.error().message);
}

}  // namespace virgo::script
