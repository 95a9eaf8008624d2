#include "control/ask.hpp"

#include <memory>
#include <optional>

#include "base/format.hpp"
#include "base/text.hpp"
#include "net/connect.hpp"
#include "net/line_splitter.hpp"
#include "uv/loop.hpp"
#include "uv/timer.hpp"

namespace virgo::control {
namespace {

// An agent with 10,000 checks has some MiB to say.
constexpr json::ParseLimits kLimits{16, 4'000'000};

Result<json::Value> result_of(std::string_view line) {
  auto answer = json::parse(line, kLimits);
  if (!answer) return answer.error().context("not an answer of an agent");
  if (const json::Value* error = answer->find("error"); error != nullptr)
    return Error{Errc::failed, error->text};
  const json::Value* result = answer->find("result");
  if (result == nullptr) return Error{Errc::invalid, "not an answer of an agent"};
  return *result;
}

class Question {
 public:
  Question(uv::Loop& loop, const std::string& path, std::string request, Duration timeout)
      : loop_(loop),
        request_(std::move(request) + '\n'),
        lines_(kMaxAnswer),
        timer_(loop, [this, timeout] {
          fail({Errc::timeout, format("no answer within {}", format_duration(timeout))});
        }) {
    timer_.start(timeout);
    net::ConnectOptions options;
    options.path = path;
    options.timeout = timeout;
    connector_ = std::make_unique<net::Connector>(
        loop, std::move(options), [this](Result<std::unique_ptr<net::Connection>> connection) {
          if (connection)
            connected(std::move(connection).value());
          else
            fail(connection.error());
        });
  }

  // After the loop has stopped.
  Result<json::Value> answer() && {
    if (line_) return result_of(*line_);
    return error_.value_or(Error{Errc::failed, "no answer"});
  }

 private:
  void connected(std::unique_ptr<net::Connection> connection) {
    connection_ = std::move(connection);
    connection_->set_handlers({.data = [this](std::string_view bytes) { received(bytes); },
                               .closed = [this](const Error& error) { fail(error); },
                               .drained = [] {}});
    if (const auto sent = connection_->write(request_); !sent) fail(sent.error());
  }
  void received(std::string_view bytes) {
    lines_.feed(bytes);
    if (const auto line = lines_.next()) {
      if (!line_) line_ = *line;
      loop_.stop();
    } else if (lines_.overlong()) {
      fail({Errc::limit, format("the answer has more than {}", format_size(kMaxAnswer))});
    }
  }
  void fail(const Error& error) {
    if (!error_) error_ = error;
    loop_.stop();
  }

  uv::Loop& loop_;
  const std::string request_;
  net::LineSplitter lines_;
  std::optional<std::string> line_;
  std::optional<Error> error_;
  uv::Timer timer_;
  std::unique_ptr<net::Connector> connector_;
  std::unique_ptr<net::Connection> connection_;
};

}  // namespace

Result<json::Value> ask(const std::string& path, const std::string& request, Duration timeout) {
  uv::Loop loop;
  Question question(loop, path, request, timeout);
  loop.run();
  return std::move(question).answer();
}

}  // namespace virgo::control
