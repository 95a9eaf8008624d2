// The bytes below an HTTP connection. Loop thread only.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/connection.hpp"

namespace virgo::net {

class HttpTransport {
 public:
  // Who is told. Each call may destroy the transport; nothing follows then.
  class Receiver {
   public:
    // Never empty; the bytes live during the call.
    virtual void on_input(std::string_view bytes) = 0;
    // The peer sends no more, but what is written may still reach it.
    virtual void on_input_end() = 0;
    // It is over.
    virtual void on_lost(const Error& why) = 0;
    // Everything written has been handed to the system.
    virtual void on_written() = 0;

   protected:
    ~Receiver() = default;
  };

  HttpTransport() = default;
  // Drops what is not written yet.
  virtual ~HttpTransport() = default;
  HttpTransport(const HttpTransport&) = delete;
  HttpTransport& operator=(const HttpTransport&) = delete;

  // Begins to read. Called once.
  virtual void set_receiver(Receiver& receiver) = 0;
  // Takes all bytes, to send them together; failures arrive by on_lost(), later.
  virtual void write(std::span<const std::string_view> pieces) = 0;
  virtual std::size_t queued() const = 0;
  virtual void pause() = 0;
  virtual void resume() = 0;
  virtual std::string peer() const = 0;      // "127.0.0.1:4433"
  virtual std::string local() const = 0;     // "127.0.0.1:80"
  virtual std::string protocol() const = 0;  // "TLSv1.3", or "" in clear
  // Sends what is written and says goodbye, without its owner.
  virtual void finish() = 0;
  // Gives the connection away, for another protocol; null if there is none below. The
  // transport is of no use then.
  virtual std::unique_ptr<Connection> release() { return nullptr; }
};

std::unique_ptr<HttpTransport> http_transport(std::unique_ptr<Connection> connection);

}  // namespace virgo::net
