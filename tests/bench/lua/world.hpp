// What Lua checks run on in a benchmark, in this thread.
#pragma once

#include <time.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "functional/world.hpp"
#include "lua/watchdog.hpp"
#include "script/lua_check_type.hpp"
#include "script/lua_file.hpp"
#include "uv/loop.hpp"
#include "uv/worker_pool.hpp"

namespace virgo::bench {

// Processor time of this thread, on which all of it runs: others on the machine count less.
inline double now_us() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1000;
}

struct World {
  uv::Loop loop;
  uv::WorkerPool pool{{.threads = 1}};
  lua::Watchdog watchdog;
  script::CheckServices services{loop, system_clock(), watchdog, pool};
  functional::TempDir dir;
  World() {  // rounds take all of the processor
    services.limits.lua_cpu_per_run = services.limits.lua_cpu_per_minute = std::chrono::minutes(10);
  }
  std::vector<std::shared_ptr<script::LuaFile>> files;
  std::vector<std::unique_ptr<script::LuaCheckType>> types;

  // Null, with a line on standard error, if it cannot be used.
  script::LuaCheckType* load(const std::string& path) {
    auto file = script::LuaFile::load(path, services);
    if (!file) {
      std::fprintf(stderr, "bench: %s\n", file.error().message.c_str());
      return nullptr;
    }
    types.push_back(
        std::make_unique<script::LuaCheckType>(*file, 0, std::move((*file)->declarations()[0])));
    files.push_back(std::move(*file));
    return types.back().get();
  }
  using Params = std::vector<std::pair<std::string, std::string>>;
  std::unique_ptr<check::Check> instance(script::LuaCheckType& type, const Params& params = {}) {
    config::CheckSpec spec;
    spec.name = type.name();
    spec.params.kind = config::NodeKind::map;
    for (const auto& [key, text] : params) {
      config::Node value;
      value.kind = config::NodeKind::scalar;
      value.text = text;
      spec.params.keys.push_back(key);
      spec.params.key_positions.emplace_back();
      spec.params.items.push_back(std::move(value));
    }
    config::Problems problems;
    auto check = type.create(spec, problems);
    for (const config::Problem& p : problems)
      std::fprintf(stderr, "bench: %s: %s\n", type.name().c_str(), config::to_string(p).c_str());
    return check;
  }
};

}  // namespace virgo::bench
