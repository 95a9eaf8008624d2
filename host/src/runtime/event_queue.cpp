#include "runtime/event_queue.hpp"

#include <lua.hpp>

namespace virgo::runtime {
namespace {

// Memory kept for the next call.
constexpr std::size_t kKeep = std::size_t{64} * 1024;

}  // namespace

void EventQueue::add_text(std::string_view text) {
  items_.push_back({Kind::text, text.size(), static_cast<std::int64_t>(text_.size()), nullptr});
  text_ += text;
}

void EventQueue::extend_text(std::string_view text) {
  items_.back().size += text.size();
  text_ += text;
}

void EventQueue::add_list(std::size_t count) {
  items_.push_back({Kind::list, count, 0, nullptr});
}

bool EventQueue::ends_with_text_of(const char* name) const {
  const std::size_t n = items_.size();
  return n >= 2 && items_[n - 1].kind == Kind::text && items_[n - 2].name == name;
}

void EventQueue::push_item(lua_State* L, const Item& item) const {
  switch (item.kind) {
    case Kind::name:
      lua_pushstring(L, item.name);
      return;
    case Kind::number:
      lua_pushnumber(L, static_cast<lua_Number>(item.number));
      return;
    case Kind::flag:
      lua_pushboolean(L, item.number != 0 ? 1 : 0);
      return;
    case Kind::text:
      lua_pushlstring(L, text_.data() + item.number, item.size);
      return;
    case Kind::list:
      lua_createtable(L, static_cast<int>(item.size), 0);
      return;
  }
}

int EventQueue::push(lua_State* L, int table) {
  luaL_checkstack(L, 4, "no stack left");
  int slot = 0;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const Item& item = items_[i];
    push_item(L, item);
    if (item.kind == Kind::list) {
      for (std::size_t k = 1; k <= item.size; ++k) {
        push_item(L, items_[i + k]);
        lua_rawseti(L, -2, static_cast<int>(k));
      }
      i += item.size;
    }
    lua_rawseti(L, table, ++slot);
  }
  clear();
  lua_pushinteger(L, slot);
  return 1;
}

void EventQueue::clear() {
  items_.clear();
  text_.clear();
  if (text_.capacity() > kKeep) text_.shrink_to_fit();
  if (items_.capacity() * sizeof(Item) > kKeep) items_.shrink_to_fit();
}

}  // namespace virgo::runtime
