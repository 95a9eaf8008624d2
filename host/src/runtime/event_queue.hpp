// What a codec tells during one call of a native half, kept until the codec has
// returned: no Lua runs, and nothing is raised, inside its callbacks. Handed to Lua
// as one flat list of values in a table of the caller's. Internal to runtime/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

struct lua_State;

namespace virgo::runtime {

class EventQueue {
 public:
  // One value each. Names must be of static storage.
  void add_name(const char* name) { items_.push_back({Kind::name, 0, 0, name}); }
  void add_number(std::int64_t number) { items_.push_back({Kind::number, 0, number, nullptr}); }
  void add_flag(bool flag) { items_.push_back({Kind::flag, 0, flag ? 1 : 0, nullptr}); }
  void add_text(std::string_view text);
  // The next `count` values go into a table of their own, the value here.
  void add_list(std::size_t count);
  // More of the text added last.
  void extend_text(std::string_view text);

  // Values that push() will give.
  std::size_t size() const { return items_.size(); }
  // Where the text of `name` is extended instead of a new event begun: the last two
  // values are this name and a text.
  bool ends_with_text_of(const char* name) const;

  // Puts the values into the table at `table`, from 1 on, leaves their number on the
  // stack, and is empty again. May raise; then the queue keeps what it had.
  int push(lua_State* L, int table);
  void clear();

 private:
  enum class Kind : std::uint8_t { name, number, flag, text, list };
  struct Item {
    Kind kind;
    std::size_t size;     // of a text: bytes; of a list: values
    std::int64_t number;  // of a text: where it begins in text_
    const char* name;
  };
  void push_item(lua_State* L, const Item& item) const;

  std::vector<Item> items_;
  std::string text_;
};

}  // namespace virgo::runtime
