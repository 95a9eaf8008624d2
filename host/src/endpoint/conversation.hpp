// What is said over a Link. The words are policy and live in Lua; this is the
// interface that C++ knows them by. Loop thread only.
#pragma once

#include "base/result.hpp"
#include "endpoint/message.hpp"

namespace virgo::endpoint {

class Link;

class Conversation {
 public:
  virtual ~Conversation() = default;
  // A connection is up and nothing has been said. The link lives until closed().
  virtual void opened(Link& link) = 0;
  // The peer asks; answer by link.respond() or link.refuse(), now or later.
  virtual void requested(Link& link, const Message& request) = 0;
  // The link is gone when this returns; its open requests have failed already.
  virtual void closed(const Error& why) = 0;
};

}  // namespace virgo::endpoint
