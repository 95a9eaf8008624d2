// luv, that is libuv for scripts, in trusted states. The only place that knows
// of it. Loop thread only.
#pragma once

#include <functional>

#include "base/result.hpp"
#include "lua/failure.hpp"
#include "lua/state.hpp"
#include "uv/loop.hpp"

namespace virgo::lua {

// Makes `uv` a global and `require("uv")` of the trusted `state`, on our loop.
// Callbacks go through the state's gate; an error in one goes to `failed`, or
// into the log, and the loop goes on. uv.walk shows the script's own handles
// only; uv.loop_close is left out.
Result<void> open_luv(State& state, uv::Loop& loop,
                      std::function<void(const Failure&)> failed = nullptr);

// Before a state with luv is destroyed: closes the script's handles, cancels its
// requests and turns the loop until both are done. None of its callbacks runs any
// more. Threads of uv.new_thread that were not joined are joined, however long that
// takes. False if something is still pending after `patience` (a name look-up that
// hangs); then the state must be leaked, for libuv still points into it. Work given
// to uv.queue_work is for the script to wait for.
bool close_luv(State& state, uv::Loop& loop, Duration patience = std::chrono::seconds(5));

}  // namespace virgo::lua
