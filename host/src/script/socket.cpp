#include "script/socket.hpp"

#include <lua.hpp>

#include <new>

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::script {
namespace {

constexpr const char* kMeta = "virgo.socket";
constexpr std::size_t kMaxRead = 16u << 20;

using Shared = std::shared_ptr<Socket>;

Socket& check_socket(lua_State* L) {
  return **static_cast<Shared*>(luaL_checkudata(L, 1, kMeta));
}

// Seconds at `index`; 0 = none.
Duration check_timeout(lua_State* L, int index) {
  const double seconds = luaL_optnumber(L, index, 0);
  luaL_argcheck(L, seconds >= 0 && seconds < 1e9, index, "a timeout in seconds");
  return Duration(static_cast<std::int64_t>(seconds * 1e9));
}

int socket_read(lua_State* L) {
  Socket& socket = check_socket(L);
  Socket::Want want;
  if (!lua_isnoneornil(L, 2)) {
    const lua_Number n = luaL_checknumber(L, 2);
    luaL_argcheck(L, n >= 1 && n <= static_cast<lua_Number>(kMaxRead), 2,
                  "a number of bytes from 1 to 16 MiB");
    want = {Socket::Want::Kind::bytes, static_cast<std::size_t>(n)};
  }
  return socket.read(L, want, check_timeout(L, 3));
}

int socket_read_line(lua_State* L) {
  Socket& socket = check_socket(L);
  const lua_Number max = luaL_optnumber(L, 2, 64 * 1024);
  luaL_argcheck(L, max >= 1 && max <= static_cast<lua_Number>(kMaxRead), 2,
                "a number of bytes from 1 to 16 MiB");
  return socket.read(L, {Socket::Want::Kind::line, static_cast<std::size_t>(max)},
                     check_timeout(L, 3));
}

int socket_write(lua_State* L) {
  Socket& socket = check_socket(L);
  std::size_t n = 0;
  const char* bytes = luaL_checklstring(L, 2, &n);
  return socket.write(L, {bytes, n});
}

int socket_close(lua_State* L) {
  Socket& socket = check_socket(L);
  Task* task = Tasks::of(L).running();
  socket.close();
  if (task != nullptr) task->disown(&socket);
  return 0;
}

int socket_index(lua_State* L) {
  const Socket& socket = check_socket(L);
  const std::string_view key = luaL_checkstring(L, 2);
  if (key == "peer") {
    lua_pushlstring(L, socket.peer().data(), socket.peer().size());
    return 1;
  }
  lua_pushvalue(L, 2);
  lua_rawget(L, lua_upvalueindex(1));  // methods
  return 1;
}

int socket_collect(lua_State* L) {
  static_cast<Shared*>(lua_touserdata(L, 1))->~Shared();
  return 0;
}

void push_metatable(lua_State* L) {
  static const luaL_Reg methods[] = {{"read", socket_read},
                                     {"read_line", socket_read_line},
                                     {"write", socket_write},
                                     {"close", socket_close},
                                     {nullptr, nullptr}};
  if (luaL_newmetatable(L, kMeta) == 0) return;
  lua_createtable(L, 0, 4);  // meta, methods
  luaL_register(L, nullptr, methods);
  lua_pushcclosure(L, socket_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pushcfunction(L, socket_collect);
  lua_setfield(L, -2, "__gc");
  lua_pushboolean(L, 0);  // scripts do not see it
  lua_setfield(L, -2, "__metatable");
}

}  // namespace

int push_error(lua_State* L, const Error& error) {
  lua_pushnil(L);
  lua_pushlstring(L, error.message.data(), error.message.size());
  lua_pushstring(L, errc_name(error.code));
  return 3;
}

void Socket::push(lua_State* L, const std::shared_ptr<Socket>& socket) {
  void* memory = lua_newuserdata(L, sizeof(Shared));
  push_metatable(L);  // userdata, meta
  new (memory) Shared(socket);
  lua_setmetatable(L, -2);
}

Socket::Socket(uv::Loop& loop, std::unique_ptr<net::Connection> connection)
    : loop_(loop), connection_(std::move(connection)), peer_(connection_->peer()) {
  connection_->set_handlers({
      .data = [this](std::string_view bytes) { on_data(bytes); },
      .closed = [this](const Error& error) { on_closed(error); },
      .drained =
          [this] {
            if (writer_ == nullptr) return;
            Task* task = std::exchange(writer_, nullptr);
            const auto keep = shared_from_this();
            task->wake([](lua_State* L) {
              lua_pushboolean(L, 1);
              return 1;
            });
          },
  });
}

Socket::~Socket() {
  net::Connection::finish(std::move(connection_));
}

void Socket::close() {
  if (connection_ == nullptr) return;
  net::Connection::finish(std::move(connection_));
  read_timer_.reset();
  buffer_.clear();
  ended_ = Error{Errc::closed, "the socket is closed"};
  // Tasks that still wait here (others than the one that closes) learn of it
  // from the loop.
  if (reader_ == nullptr && writer_ == nullptr) return;
  loop_.post([self = shared_from_this()] {
    self->wake_reader(*self->ended_);
    if (self->writer_ == nullptr) return;
    Task* task = std::exchange(self->writer_, nullptr);
    task->wake([&](lua_State* L) { return push_error(L, *self->ended_); });
  });
}

Socket::Ready Socket::look(const Want& want) const {
  Ready ready;
  if (want.kind == Want::Kind::line) {
    const std::size_t end = buffer_.find('\n', scanned_);
    scanned_ = buffer_.size();
    if (end != std::string::npos) {
      const bool cr = end > 0 && buffer_[end - 1] == '\r';
      ready = {Ready::Kind::data, end - (cr ? 1u : 0u), end + 1, {}};
    }
    if (ready.length > want.size || (end == std::string::npos && buffer_.size() > want.size + 1))
      return {Ready::Kind::error,
              0,
              0,
              {Errc::limit, format("sent a line longer than {} bytes", want.size)}};
  } else if (want.kind == Want::Kind::bytes && buffer_.size() >= want.size) {
    ready = {Ready::Kind::data, want.size, want.size, {}};
  } else if (want.kind == Want::Kind::some && !buffer_.empty()) {
    ready = {Ready::Kind::data, buffer_.size(), buffer_.size(), {}};
  }
  if (ready.kind == Ready::Kind::no && ended_) return {Ready::Kind::error, 0, 0, *ended_};
  return ready;
}

int Socket::push_ready(lua_State* L, const Ready& ready) {
  if (ready.kind == Ready::Kind::error) return push_error(L, ready.error);
  lua_pushlstring(L, buffer_.data(), ready.length);
  buffer_.erase(0, ready.consume);
  scanned_ = 0;
  if (buffer_.empty() && buffer_.capacity() > kBuffer) std::string().swap(buffer_);
  adjust_flow();
  return 1;
}

int Socket::read(lua_State* L, const Want& want, Duration timeout) {
  Task& task = Tasks::of(L).waitable(L, "socket:read");
  if (reader_ != nullptr) return luaL_error(L, "another task reads from this socket already");
  want_ = want;
  scanned_ = 0;
  const Ready ready = look(want);
  if (ready.kind != Ready::Kind::no) return push_ready(L, ready);
  adjust_flow();
  reader_ = &task;
  if (timeout.count() > 0) {
    if (read_timer_ == nullptr)
      read_timer_ = std::make_unique<uv::Timer>(loop_, [this, keep = weak_from_this()] {
        const auto self = keep.lock();
        if (self) wake_reader({Errc::timeout, "sent nothing in time"});
      });
    read_timer_->start(timeout);
  }
  return task.wait(L, want.kind == Want::Kind::line ? "socket:read_line" : "socket:read",
                   [self = shared_from_this()] {
                     self->reader_ = nullptr;
                     if (self->read_timer_) self->read_timer_->stop();
                   });
}

void Socket::wake_reader(const Error& error) {
  if (reader_ == nullptr) return;
  Task* task = std::exchange(reader_, nullptr);
  if (read_timer_) read_timer_->stop();
  const auto keep = shared_from_this();
  task->wake([&](lua_State* L) { return push_error(L, error); });
}

void Socket::serve_reader() {
  if (reader_ == nullptr) return;
  const Ready ready = look(want_);
  if (ready.kind == Ready::Kind::no) return;
  Task* task = std::exchange(reader_, nullptr);
  if (read_timer_) read_timer_->stop();
  const auto keep = shared_from_this();
  task->wake([&](lua_State* L) { return push_ready(L, ready); });
}

void Socket::on_data(std::string_view bytes) {
  buffer_.append(bytes);
  const auto keep = shared_from_this();
  serve_reader();
  adjust_flow();
}

void Socket::on_closed(const Error& error) {
  ended_ = error;
  const auto keep = shared_from_this();
  serve_reader();
  if (writer_ == nullptr) return;
  Task* task = std::exchange(writer_, nullptr);
  task->wake([&](lua_State* L) { return push_error(L, error); });
}

// Reads from the peer while a reader waits for more, or little is buffered.
void Socket::adjust_flow() {
  if (connection_ == nullptr) return;
  const bool full = reader_ == nullptr && buffer_.size() > kBuffer;
  if (full == paused_) return;
  paused_ = full;
  if (full)
    connection_->pause();
  else
    connection_->resume();
}

int Socket::write(lua_State* L, std::string_view bytes) {
  if (ended_) return push_error(L, *ended_);
  if (writer_ != nullptr) return luaL_error(L, "another task writes to this socket already");
  const auto sent = connection_->write(bytes);
  if (!sent) return push_error(L, sent.error());
  if (connection_->queued() > kMaxUnsent) {
    Task& task = Tasks::of(L).waitable(L, "socket:write");
    writer_ = &task;
    return task.wait(L, "socket:write", [self = shared_from_this()] { self->writer_ = nullptr; });
  }
  lua_pushboolean(L, 1);
  return 1;
}

}  // namespace virgo::script
