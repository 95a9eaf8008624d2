// The client's side of the control socket: one request, one answer.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "json/value.hpp"

namespace virgo::control {

inline constexpr std::size_t kMaxAnswer = 64u << 20;  // bytes

// Sends `request` (a JSON object) to the agent whose socket is at `path` and waits for
// the result; its own loop turns meanwhile. An agent that answers with an error gives
// Errc::failed with its words.
Result<json::Value> ask(const std::string& path, const std::string& request,
                        Duration timeout = std::chrono::seconds(10));

}  // namespace virgo::control
