#include "uv/process.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "uv/poll.hpp"
#include "uv/process_child.hpp"
#include "uv/timer.hpp"

namespace virgo::uv {
namespace {

constexpr std::size_t kChunk = 64 * 1024;  // all that a pipe holds
constexpr int kChunksPerTurn = 4;          // others of the loop have their turn, too
// Between two reads of what is thrown away: a flood is held up, the loop is not.
constexpr Duration kFloodPause = std::chrono::milliseconds(10);

// One output of the child.
class Output {
 public:
  Output(Loop& loop, Descriptor fd, std::size_t max, std::function<void()> ended)
      : fd_(std::move(fd)), max_(max), ended_(std::move(ended)), again_(loop, [this] { watch(); }) {
    auto poll = Poll::open(loop, fd_.get(), [this](unsigned) { ready(); });
    if (poll) poll_ = std::move(poll).value();
  }

  // False if it cannot be watched.
  bool watch() { return poll_ && poll_->start(Poll::kReadable); }
  bool open() const { return open_; }
  bool cut() const { return cut_; }
  // Reads what is there, as far as it is kept.
  void catch_up() {
    while (poll_ && open_ && !cut_ && read_some()) {
    }
    if (!open_ && poll_) poll_->stop();
  }
  // What has come, after which nothing is read any more.
  std::string take() {
    catch_up();
    poll_.reset();
    again_.stop();
    return std::move(text_);
  }

 private:
  // False when there is nothing now, or never again.
  bool read_some() {
    std::array<char, kChunk> chunk;
    const ssize_t n = read(fd_.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) return true;
    if (n < 0 && errno == EAGAIN) return false;
    open_ = n > 0;
    if (!open_) return false;
    const std::size_t size = std::min(static_cast<std::size_t>(n), max_ - text_.size());
    text_.append(chunk.data(), size);
    cut_ = cut_ || size < static_cast<std::size_t>(n);
    return true;
  }

  void ready() {
    for (int i = 0; i < kChunksPerTurn && !cut_ && read_some(); ++i) {
    }
    if (cut_ && open_) {
      read_some();
      poll_->stop();
      again_.start(kFloodPause);
    }
    if (open_) return;
    poll_->stop();
    ended_();
  }

  const Descriptor fd_;
  const std::size_t max_;
  std::function<void()> ended_;
  std::string text_;
  bool open_ = true;
  bool cut_ = false;
  Timer again_;
  std::unique_ptr<Poll> poll_;
};

// What the child gets to read.
class Input {
 public:
  Input(Loop& loop, Descriptor fd, std::string text)
      : fd_(std::make_unique<Descriptor>(std::move(fd))), text_(std::move(text)) {
    auto poll = Poll::open(loop, fd_->get(), [this](unsigned) { ready(); });
    if (poll && (*poll)->start(Poll::kWritable))
      poll_ = std::move(poll).value();
    else
      fd_.reset();
  }

 private:
  void ready() {
    const std::string_view left = std::string_view(text_).substr(written_);
    const ssize_t n = left.empty() ? 0 : write(fd_->get(), left.data(), left.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return;
    if (n > 0) written_ += static_cast<std::size_t>(n);
    if (n > 0 && written_ < text_.size()) return;
    poll_.reset();
    fd_.reset();  // all is said, or nobody listens
  }

  std::unique_ptr<Descriptor> fd_;
  const std::string text_;
  std::size_t written_ = 0;
  std::unique_ptr<Poll> poll_;
};

}  // namespace

// Callbacks hold it, so that the Process may be destroyed by `done`.
struct Process::Running : std::enable_shared_from_this<Process::Running> {
  Running(Loop& loop, Spawned child, ProcessOptions options, Done d)
      : pid(child.pid()),
        linger(options.linger),
        began(system_clock().now()),
        done(std::move(d)),
        out(loop, std::move(child.out), options.max_out, [this] { look(); }),
        err(loop, std::move(child.err), options.max_err, [this] { look(); }),
        late(loop, [this] { finish(true); }),
        watched(ProcessChild::watch(loop, child.take(), options.grace, std::move(options.token),
                                    [this] { ended(); })) {
    if (child.in) in = std::make_unique<Input>(loop, std::move(child.in), std::move(options.input));
    // Without eyes for its output there is no use in it.
    const bool sees_out = out.watch();
    if (!err.watch() || !sees_out) stop();
  }

  void ended() {
    result.duration = system_clock().now() - began;
    // After stop() nobody has more to say.
    if (result.stopped) return finish(false);
    out.catch_up();
    err.catch_up();
    if (out.open() || err.open())
      late.start(linger);
    else
      finish(false);
  }
  void look() {
    if (watched->ended() && !out.open() && !err.open()) finish(false);
  }
  void stop() {
    if (!done) return;  // the result was told
    result.stopped = true;
    watched->stop();
    if (watched->ended()) late.start({});
  }

  void finish(bool behind) {
    const auto self = shared_from_this();
    late.stop();
    result.out = out.take();
    result.err = err.take();
    result.out_cut = out.cut();
    result.err_cut = err.cut();
    result.left_behind = behind && (out.open() || err.open());
    const int status = watched->reap();
    if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
    const Done call = std::move(done);
    done = nullptr;
    call(std::move(result));
  }

  const pid_t pid;
  const Duration linger;
  const TimePoint began;
  Done done;
  ProcessResult result;
  Output out;
  Output err;
  std::unique_ptr<Input> in;
  Timer late;
  std::shared_ptr<ProcessChild> watched;
};

Process::Process(Loop& loop, Spawned child, ProcessOptions options, Done done)
    : running_(
          std::make_shared<Running>(loop, std::move(child), std::move(options), std::move(done))) {}

Result<std::unique_ptr<Process>> Process::start(Loop& loop, const SpawnOptions& what,
                                                ProcessOptions options, Done done) {
  auto child = spawn(what);
  if (!child) return child.error();
  return std::make_unique<Process>(loop, std::move(child).value(), std::move(options),
                                   std::move(done));
}

Process::~Process() {
  running_->watched->let_go();
}

pid_t Process::pid() const {
  return running_->pid;
}

void Process::stop() {
  running_->stop();
}

}  // namespace virgo::uv
