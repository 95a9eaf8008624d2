#include "script/lua_declaration.hpp"

#include <algorithm>
#include <array>
#include <lua.hpp>
#include <optional>
#include <span>
#include <unordered_set>

#include "base/format.hpp"
#include "base/text.hpp"
#include "script/lua_params.hpp"

namespace virgo::script {
namespace {

using check::ParamInfo;
using check::ParamType;
using metric::Kind;
using metric::MetricInfo;
using metric::Type;

constexpr std::size_t kMaxName = 128;

template <class T>
struct Word {
  std::string_view word;
  T value;
};
constexpr std::array<Word<ParamType>, 8> kParamTypes{{{"bool", ParamType::boolean},
                                                      {"int", ParamType::integer},
                                                      {"number", ParamType::number},
                                                      {"text", ParamType::text},
                                                      {"duration", ParamType::duration},
                                                      {"size", ParamType::size},
                                                      {"list", ParamType::list},
                                                      {"map", ParamType::map}}};
constexpr std::array<Word<ParamType>, 4> kItemTypes{{{"bool", ParamType::boolean},
                                                     {"int", ParamType::integer},
                                                     {"number", ParamType::number},
                                                     {"text", ParamType::text}}};
constexpr std::array<Word<Kind>, 3> kKinds{
    {{"gauge", Kind::gauge}, {"counter", Kind::counter}, {"state", Kind::state}}};
constexpr std::array<Word<Type>, 4> kTypes{
    {{"i64", Type::i64}, {"u64", Type::u64}, {"f64", Type::f64}, {"text", Type::text}}};

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '.' || c == '-';
         });
}

std::string one_of(std::string_view word, std::span<const std::string_view> words) {
  const std::string_view near = did_you_mean(word, words);
  if (!near.empty()) return format("did you mean '{}'?", near);
  std::string out = "one of";
  for (const std::string_view w : words) out += format("{} {}", out == "one of" ? "" : ",", w);
  return out;
}

// Reads one table; the first thing that is wrong is kept.
class Table {
 public:
  // `path` names the table in errors: "params.port".
  Table(lua_State* L, int index, std::string path) : L_(L), index_(index), path_(std::move(path)) {
    if (index_ < 0) index_ = lua_gettop(L_) + index_ + 1;
  }

  void fail(const std::string& text) {
    if (!error_) error_ = Error{Errc::invalid, path_.empty() ? text : path_ + ": " + text};
  }
  const std::optional<Error>& error() const { return error_; }

  // Refuses every key that is not one of `known`.
  void only(std::span<const std::string_view> known) {
    for (lua_pushnil(L_); lua_next(L_, index_) != 0; lua_pop(L_, 1)) {
      if (lua_type(L_, -2) != LUA_TSTRING) {
        fail(format("has a {} as a key; its keys are names", luaL_typename(L_, -2)));
        continue;
      }
      const std::string_view key = lua_tostring(L_, -2);
      if (std::find(known.begin(), known.end(), key) == known.end())
        fail(format("unknown field '{}', {}", printable(key), one_of(key, known)));
    }
  }

  // Pushes the field.
  void get(const char* name) {
    lua_pushstring(L_, name);
    lua_rawget(L_, index_);
  }

  std::string text(const char* name, bool required = false) {
    get(name);
    std::string out;
    if (lua_type(L_, -1) == LUA_TSTRING) {
      std::size_t size = 0;
      const char* bytes = lua_tolstring(L_, -1, &size);
      out = to_utf8({bytes, size});
    } else if (!lua_isnil(L_, -1) || required) {
      fail(format("'{}' must be a text{}", name, required ? ", and is required" : ""));
    }
    lua_pop(L_, 1);
    return out;
  }

  bool flag(const char* name) {
    get(name);
    if (!lua_isnil(L_, -1) && !lua_isboolean(L_, -1))
      fail(format("'{}' must be true or false", name));
    const bool out = lua_toboolean(L_, -1) != 0;
    lua_pop(L_, 1);
    return out;
  }

  template <class T, std::size_t N>
  T word(const char* name, const std::array<Word<T>, N>& words, T fallback) {
    const std::string given = text(name);
    if (given.empty()) return fallback;
    std::array<std::string_view, N> names;
    for (std::size_t i = 0; i < N; ++i) {
      if (words[i].word == given) return words[i].value;
      names[i] = words[i].word;
    }
    fail(format("unknown {} '{}', {}", name, printable(given), one_of(given, names)));
    return fallback;
  }

 private:
  lua_State* L_;
  int index_;
  std::string path_;
  std::optional<Error> error_;
};

// "items": of what kind the values of a list or map are.
std::optional<ParamType> read_items(Table& table, ParamType type) {
  if (table.text("items").empty()) return std::nullopt;
  if (type != ParamType::list && type != ParamType::map)
    table.fail("'items' is for type = \"list\" and \"map\"");
  return table.word("items", kItemTypes, ParamType::text);
}

// The param's table is on top.
Result<ParamInfo> read_param(lua_State* L, const std::string& name) {
  constexpr std::array<std::string_view, 6> kFields{"type", "items",    "default",
                                                    "help", "required", "secret"};
  Table table(L, -1, "params." + name);
  table.only(kFields);
  ParamInfo info;
  info.name = name;
  info.type = table.word("type", kParamTypes, ParamType::text);
  info.items = read_items(table, info.type);
  info.help = table.text("help");
  info.required = table.flag("required");
  info.secret = table.flag("secret");
  table.get("default");
  info.has_fallback = !lua_isnil(L, -1);
  if (info.has_fallback) {
    auto written = default_as_yaml(L, -1, info.type);
    if (!written)
      table.fail("default: " + written.error().message);
    else if (const auto fit = info.items ? verify_items(L, -1, *info.items) : Result<void>(); !fit)
      table.fail("default: " + fit.error().message);
    else
      info.fallback = std::move(written).value();
  }
  lua_pop(L, 1);
  if (info.required && info.has_fallback) table.fail("is required, so a default has no meaning");
  if (!is_name(name)) table.fail("a name is made of letters, digits, _ . and -");
  if (name == "collect" || name == "configure" || name == "handover" || name == "background")
    table.fail("the name is taken: self." + name + " is the check's function");
  if (table.error()) return *table.error();
  return info;
}

Result<std::vector<ParamInfo>> read_params(lua_State* L, int index) {
  std::vector<ParamInfo> out;
  if (lua_isnil(L, index)) return out;
  if (!lua_istable(L, index))
    return Error{Errc::invalid, "'params' must be a table: name = {type = ...}"};
  lua_pushvalue(L, index);
  for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING || !lua_istable(L, -1))
      return Error{Errc::invalid, "each of 'params' must be written name = {type = ...}"};
    auto param = read_param(L, lua_tostring(L, -2));
    if (!param) return param.error();
    out.push_back(std::move(param).value());
  }
  lua_pop(L, 1);
  std::sort(out.begin(), out.end(),
            [](const ParamInfo& a, const ParamInfo& b) { return a.name < b.name; });
  return out;
}

// The metric's table is on top.
Result<MetricInfo> read_metric(lua_State* L, std::size_t number) {
  constexpr std::array<std::string_view, 5> kFields{"name", "unit", "help", "kind", "type"};
  Table table(L, -1, format("metrics[{}]", number));
  table.only(kFields);
  MetricInfo info;
  info.name = table.text("name", true);
  info.unit = table.text("unit");
  info.help = table.text("help");
  info.kind = table.word("kind", kKinds, Kind::gauge);
  info.type = table.word("type", kTypes, Type::f64);
  if (!is_name(info.name)) table.fail("a metric's name is made of letters, digits, _ . and -");
  if (info.type == Type::text && info.kind != Kind::state)
    table.fail("a text is a state: kind = \"state\"");
  if (table.error()) return *table.error();
  return info;
}

Result<std::vector<MetricInfo>> read_metrics(lua_State* L, int index) {
  std::vector<MetricInfo> out;
  if (!lua_istable(L, index))
    return Error{Errc::invalid, "'metrics' must be a list of tables, and is required"};
  const std::size_t count = lua_objlen(L, index);
  if (count == 0) return Error{Errc::invalid, "'metrics' is empty: what would it measure?"};
  std::unordered_set<std::string> names;
  for (std::size_t i = 1; i <= count; ++i) {
    lua_rawgeti(L, index, static_cast<int>(i));
    if (!lua_istable(L, -1))
      return Error{Errc::invalid, format("metrics[{}] must be a table: {{name = ...}}", i)};
    auto metric = read_metric(L, i);
    if (!metric) return metric.error();
    lua_pop(L, 1);
    if (!names.insert(metric->name).second)
      return Error{Errc::invalid, format("metrics[{}]: '{}' is declared twice", i, metric->name)};
    out.push_back(std::move(metric).value());
  }
  return out;
}

// The list of texts in field `name` of the table on top, each checked by `problem`,
// which says what is wrong with it, or "".
Result<std::vector<std::string>> read_texts(lua_State* L, const char* name,
                                            std::string (*problem)(std::string_view)) {
  std::vector<std::string> out;
  lua_pushstring(L, name);
  lua_rawget(L, -2);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    return out;
  }
  if (!lua_istable(L, -1))
    return Error{Errc::invalid, format("needs.{} must be a list of texts", name)};
  const std::size_t count = lua_objlen(L, -1);
  for (std::size_t i = 1; i <= count; ++i) {
    lua_rawgeti(L, -1, static_cast<int>(i));
    if (lua_type(L, -1) != LUA_TSTRING)
      return Error{Errc::invalid, format("needs.{}[{}] must be a text", name, i)};
    std::string text = lua_tostring(L, -1);
    lua_pop(L, 1);
    if (const std::string wrong = problem(text); !wrong.empty())
      return Error{Errc::invalid, format("needs.{}[{}]: {}", name, i, wrong)};
    out.push_back(std::move(text));
  }
  lua_pop(L, 1);
  return out;
}

std::string path_problem(std::string_view path) {
  if (path.starts_with("$") && path.size() > 1) return "";
  if (path.starts_with("/")) return "";
  return format("'{}' is neither an absolute path nor the $name of a parameter", printable(path));
}

std::string net_problem(std::string_view word) {
  std::vector<std::string_view> names;
  for (const binding::Net kind : binding::net_kinds()) names.emplace_back(binding::net_name(kind));
  if (std::find(names.begin(), names.end(), word) != names.end()) return "";
  return format("unknown kind '{}', {}", printable(word), one_of(word, names));
}

// needs = {net = {...}, exec = {...}, read = {...}}
Result<binding::Grants> read_needs(lua_State* L, int index, const std::vector<ParamInfo>& params) {
  constexpr std::array<std::string_view, 3> kFields{"net", "exec", "read"};
  binding::Grants out;
  if (lua_isnil(L, index)) return out;
  if (!lua_istable(L, index))
    return Error{Errc::invalid, "'needs' must be a table: {net = {\"tcp\"}, read = {...}}"};
  Table table(L, index, "needs");
  table.only(kFields);
  if (table.error()) return *table.error();
  lua_pushvalue(L, index);
  auto net = read_texts(L, "net", net_problem);
  if (!net) return net.error();
  for (const binding::Net kind : binding::net_kinds())
    if (std::find(net->begin(), net->end(), binding::net_name(kind)) != net->end())
      out.net = static_cast<std::uint8_t>(out.net | static_cast<std::uint8_t>(kind));
  auto exec = read_texts(L, "exec", path_problem);
  if (!exec) return exec.error();
  auto files = read_texts(L, "read", path_problem);
  if (!files) return files.error();
  out.exec = std::move(exec).value();
  out.read = std::move(files).value();
  for (const auto* list : {&out.exec, &out.read})
    for (const std::string& need : *list)
      if (need.starts_with("$") &&
          std::none_of(params.begin(), params.end(),
                       [&need](const ParamInfo& p) { return p.name == need.substr(1); }))
        return Error{Errc::invalid, format("needs: '{}': there is no such parameter", need)};
  lua_pop(L, 1);
  return out;
}

// Field `interval`: "10s", from 100 ms to 24 h.
Duration read_interval(Table& table) {
  const std::string text = table.text("interval");
  if (text.empty()) return {};
  const auto parsed = parse_duration(text);
  if (!parsed)
    table.fail("interval: " + parsed.error().message);
  else if (*parsed < std::chrono::milliseconds(100) || *parsed > std::chrono::hours(24))
    table.fail("interval: must be from 100ms to 24h");
  else
    return *parsed;
  return {};
}

int read_api(Table& table, lua_State* L) {
  table.get("api");
  const double level = lua_isnil(L, -1) ? kApiLevel : lua_tonumber(L, -1);
  lua_pop(L, 1);
  if (level < 1 || level != static_cast<int>(level))
    table.fail("'api' is the level of the plugin API it was written for, a whole number from 1");
  else if (level > kApiLevel)
    table.fail(
        format("is written for level {} of the plugin API; this agent has level {}: "
               "it needs a newer agent",
               level, kApiLevel));
  return static_cast<int>(level);
}

Result<Declaration> read(lua_State* L, int index) {
  // The functions may be written inside the table, too.
  constexpr std::array<std::string_view, 12> kFields{
      "name",  "summary",  "api",     "params",    "metrics",  "undeclared",
      "needs", "interval", "collect", "configure", "handover", "background"};
  Table table(L, index, "");
  table.only(kFields);
  Declaration out;
  out.name = table.text("name", true);
  out.summary = table.text("summary");
  out.api = read_api(table, L);
  out.undeclared = table.flag("undeclared");
  out.interval = read_interval(table);
  if (!is_name(out.name)) table.fail("'name' is required, of letters, digits, _ . and -");
  if (table.error()) return *table.error();
  table.get("params");
  auto params = read_params(L, lua_gettop(L));
  if (!params) return params.error();
  out.params = std::move(params).value();
  table.get("needs");
  auto needs = read_needs(L, lua_gettop(L), out.params);
  if (!needs) return needs.error();
  out.needs = std::move(needs).value();
  table.get("metrics");
  if (out.undeclared && (lua_isnil(L, -1) || (lua_istable(L, -1) && lua_objlen(L, -1) == 0)))
    return out;
  auto metrics = read_metrics(L, lua_gettop(L));
  if (!metrics) return metrics.error();
  out.metrics = std::move(metrics).value();
  return out;
}

}  // namespace

Result<Declaration> read_declaration(lua_State* L, int index) {
  const int top = lua_gettop(L);
  if (index < 0) index = top + index + 1;
  auto out = read(L, index);
  lua_settop(L, top);
  return out;
}

}  // namespace virgo::script
