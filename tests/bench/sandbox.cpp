// sandbox: what typical plugin code costs in a plugin state, beside a trusted state in the same run
//
// Usage: bench_sandbox [ROUNDS]. Each piece runs in both kinds of state by turns, and
// the best of ROUNDS counts. Plugin states have their own pattern matcher, table.sort
// and table.insert, read-only library tables and the watchdog; trusted states LuaJIT's
// own. The ratio is plugin / trusted: below 1 the plugin state is faster.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <lua.hpp>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "lua/state.hpp"
#include "lua/watchdog.hpp"

namespace virgo::bench {
namespace {

struct Piece {
  const char* name;
  const char* source;  // a function of the number of repetitions
};

// Shared by the pieces: /proc texts as they look.
constexpr const char* kTexts = R"lua(
local stat, meminfo, netdev, redis = {}, {}, {}, {}
for cpu = 0, 15 do stat[#stat + 1] = "cpu" .. cpu .. " 1039183 2044 394822 99183746 29384 0 18273 0 0 0" end
for i = 1, 50 do meminfo[#meminfo + 1] = ("Field%d:%s%d kB"):format(i, (" "):rep(12), i * 1234567) end
for i = 0, 7 do
  netdev[#netdev + 1] = ("  eth%d: 1839283746 18273645    0   12    0     0          0   1827 928374650 8273645    0    0    0     0       0          0"):format(i)
end
for i = 1, 120 do redis[#redis + 1] = ("field_number_%d:%d"):format(i, i * 7919) end
stat, meminfo = table.concat(stat, "\n") .. "\n", table.concat(meminfo, "\n") .. "\n"
netdev, redis = table.concat(netdev, "\n") .. "\n", table.concat(redis, "\r\n") .. "\r\n"
)lua";

constexpr Piece kPieces[] = {
    {"meminfo: gmatch of lines with captures", R"lua(
      local sum = 0
      for _ = 1, n do
        for name, kb in meminfo:gmatch("([^:\n]+):%s+(%d+) kB") do sum = sum + tonumber(kb) end
      end)lua"},
    {"stat: match with ten captures", R"lua(
      local sum = 0
      for _ = 1, n do
        for line in stat:gmatch("[^\n]+") do
          local a, b, c, d = line:match("^cpu%d+ (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+)")
          sum = sum + a + b + c + d
        end
      end)lua"},
    {"net/dev: words", R"lua(
      local sum = 0
      for _ = 1, n do
        for line in netdev:gmatch("[^\n]+") do
          local name, rest = line:match("^%s*(%S+):%s*(.*)$")
          local i = 0
          for word in rest:gmatch("%S+") do i = i + 1 sum = sum + tonumber(word) end
        end
      end)lua"},
    {"redis INFO: match of one field", R"lua(
      for _ = 1, n do
        for line in redis:gmatch("[^\r\n]+") do local v = line:match("^field_number_77:(%d+)") end
      end)lua"},
    {"a field far behind: match", R"lua(
      for i = 1, n * 10 do local v = redis:match("field_number_119:(%d+)", i % 7 + 1) end)lua"},
    {"find plain, far behind", R"lua(
      for i = 1, n * 10 do local at = redis:find("field_number_119:", i % 7 + 1, true) end)lua"},
    {"find plain, short subject", R"lua(
      local lines = { "status: ok, running", "status: failed", "nothing here", "is it ok?" }
      local found = 0
      for i = 1, n * 100 do if lines[i % 4 + 1]:find("ok", 1, true) then found = found + 1 end end)lua"},
    {"find of a pattern, short subject", R"lua(
      local line = "status: ok, running"
      local found = 0
      for i = 1, n * 100 do if line:find("^status:%s*ok") then found = found + 1 end end)lua"},
    {"split with find and sub", R"lua(
      for _ = 1, n do
        local at, out = 1, {}
        while true do
          local to = redis:find("\r\n", at, true)
          if not to then break end
          out[#out + 1] = redis:sub(at, to - 1)
          at = to + 2
        end
      end)lua"},
    {"trim", R"lua(
      local text = "   some text with blanks around it   "
      for _ = 1, n * 100 do local t = text:match("^%s*(.-)%s*$") end)lua"},
    {"gsub with a text", R"lua(
      for _ = 1, n do local t = redis:gsub("_", "."):gsub("%d+", "<%0>") end)lua"},
    {"gsub with a function (percent-decoding)", R"lua(
      local text = ("a%20b%2Fc%3D"):rep(20)
      for _ = 1, n * 4 do
        local t = text:gsub("%%(%x%x)", function(h) return string.char(tonumber(h, 16)) end)
      end)lua"},
    {"gsub with a table (escaping)", R"lua(
      local names = { ["<"] = "&lt;", [">"] = "&gt;", ["&"] = "&amp;" }
      local text = ("if a < b & c > d then "):rep(20)
      for _ = 1, n * 4 do local t = text:gsub("[<>&]", names) end)lua"},
    {"json-like building", R"lua(
      for _ = 1, n * 4 do
        local out = {}
        for i = 1, 50 do
          table.insert(out, string.format('{"name":%q,"value":%d}', "metric" .. i, i))
        end
        local text = "[" .. table.concat(out, ",") .. "]"
      end)lua"},
    {"sort of 20 numbers", R"lua(
      local t = {}
      for k = 1, n * 20 do
        for i = 1, 20 do t[i] = (i * 7919 + k) % 101 end
        table.sort(t)
      end)lua"},
    {"sort of 1000 numbers", R"lua(
      local t = {}
      for k = 1, n do
        for i = 1, 1000 do t[i] = (i * 7919 + k) % 1009 end
        table.sort(t)
      end)lua"},
    {"sort of 200 names", R"lua(
      local names, t = {}, {}
      for i = 1, 200 do names[i] = "name" .. i * 7919 % 1009 end
      for _ = 1, n do
        for i = 1, 200 do t[i] = names[i] end
        table.sort(t)
      end)lua"},
    {"sort of 200 with a function", R"lua(
      local t = {}
      for k = 1, n do
        for i = 1, 200 do t[i] = (i * 7919 + k) % 1009 end
        table.sort(t, function(a, b) return a > b end)
      end)lua"},
    {"library calls through the tables", R"lua(
      local x = 0
      for i = 1, n * 10000 do
        x = x + math.floor(i / 3) + bit.band(i, 255) + string.byte("abc", i % 3 + 1)
      end)lua"},
    {"load of a small chunk, run 30 times round", R"lua(
      local x = 0
      for k = 1, n do
        local f = load("local x, n = 0, ... for i = 1, n do x = x + math.floor(i / 3) "
          .. "+ bit.band(i, 255) + string.byte('abc', i % 3 + 1) end return x")
        x = x + f(30)
      end)lua"},
};

std::unique_ptr<lua::State> make_state(lua::StateKind kind, lua::Watchdog& watchdog) {
  lua::StateOptions options;
  options.kind = kind;
  options.name = "bench";
  options.memory = std::uint64_t{64} << 20;
  if (kind == lua::StateKind::plugin) {
    options.budget = std::chrono::seconds(100);
    options.watchdog = &watchdog;
  }
  auto made = lua::State::create(std::move(options));
  if (!made) std::abort();
  return std::move(made).value();
}

// Leaves the function on the state's stack.
void load_piece(lua::State& state, const Piece& piece) {
  const std::string source = std::string(kTexts) + "return function(n) " + piece.source + " end";
  if (!state.load(state.raw(), source, "@bench.lua") ||
      state.call(state.raw(), 0, 1) != lua::Exit::done) {
    std::fprintf(stderr, "%s: %s\n", piece.name, state.failure().sentence().c_str());
    std::exit(1);
  }
}

double seconds_of(lua::State& state, int n) {
  lua_State* L = state.raw();
  lua_gc(L, LUA_GCCOLLECT, 0);
  lua_pushvalue(L, -1);
  lua_pushinteger(L, n);
  const TimePoint begun = system_clock().now();
  if (state.call(L, 1, 0) != lua::Exit::done) {
    std::fprintf(stderr, "%s\n", state.failure().sentence().c_str());
    std::exit(1);
  }
  return std::chrono::duration<double>(system_clock().now() - begun).count();
}

int run(int rounds) {
  constexpr int kRepetitions = 100;
  lua::Watchdog watchdog;
  {
    const auto bare = make_state(lua::StateKind::plugin, watchdog);
    lua_gc(bare->raw(), LUA_GCCOLLECT, 0);
    std::printf("a bare plugin state: %.1f KiB\n\n", static_cast<double>(bare->memory()) / 1024);
  }
  std::printf("%-42s %12s %12s %8s\n", "", "plugin us", "trusted us", "ratio");
  double product = 0;
  for (const Piece& piece : kPieces) {
    const auto plugin = make_state(lua::StateKind::plugin, watchdog);
    const auto trusted = make_state(lua::StateKind::trusted, watchdog);
    load_piece(*plugin, piece);
    load_piece(*trusted, piece);
    double ours = 1e9;
    double theirs = 1e9;
    for (int i = 0; i < rounds; ++i) {
      ours = std::min(ours, seconds_of(*plugin, kRepetitions));
      theirs = std::min(theirs, seconds_of(*trusted, kRepetitions));
    }
    std::printf("%-42s %12.2f %12.2f %8.2f\n", piece.name, ours * 1e6 / kRepetitions,
                theirs * 1e6 / kRepetitions, ours / theirs);
    product += std::log(ours / theirs);
  }
  std::printf("\n%-42s %25s %8.2f\n", "geometric mean", "",
              std::exp(product / static_cast<double>(std::size(kPieces))));
  return 0;
}

}  // namespace
}  // namespace virgo::bench

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 7;
  if (rounds < 1) {
    std::fputs("usage: bench_sandbox [ROUNDS]\n", stderr);
    return 2;
  }
  return virgo::bench::run(rounds);
}
