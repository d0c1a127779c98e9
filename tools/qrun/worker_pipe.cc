#include "qrun/worker_pipe.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

namespace tubepost::qrun {
namespace {

constexpr int lock_in_worker = 3;   // the lock's number there; it is only held open
constexpr int pipe_size = 1 << 20;  // what the kernel allows an ordinary user
constexpr std::size_t kept_written =
    1 << 16;  // written bytes are dropped from the buffer in pieces of this size

void make_non_blocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }

}  // namespace

Result<WorkerPipe> WorkerPipe::start(const std::vector<std::string>& argv, int lock) {
  auto jobs = process::make_pipe();
  if (!jobs) return std::move(jobs).error();
  auto answers = process::make_pipe();
  if (!answers) return std::move(answers).error();
  process::ChildOptions options;
  options.redirects = {{jobs->read_end.get(), 0}, {answers->write_end.get(), 1}};
  if (lock >= 0) options.redirects.push_back({lock, lock_in_worker});
  options.own_group = true;  // a Ctrl-C on qrun's terminal is qrun's to handle
  auto child = process::Child::spawn(argv, options);
  if (!child) return std::move(child).error();
  make_non_blocking(jobs->write_end.get());
  make_non_blocking(answers->read_end.get());
  ::fcntl(jobs->write_end.get(), F_SETPIPE_SZ, pipe_size);  // a smaller one is only slower
  return WorkerPipe(std::move(*child), std::move(jobs->write_end), std::move(answers->read_end));
}

WorkerPipe::WorkerPipe(process::Child child, UniqueFd jobs_pipe, UniqueFd answers_pipe)
    : child_(std::move(child)), jobs_pipe_(std::move(jobs_pipe)), answers_pipe_(std::move(answers_pipe)) {}

void WorkerPipe::send(const process::Record& record) { unwritten_ += record.to_text(); }

void WorkerPipe::exchange() {
  write_some();
  while (read_some()) {
  }
}

void WorkerPipe::write_some() {
  while (written_ < unwritten_.size() && jobs_pipe_) {
    const auto count = ::write(jobs_pipe_.get(), unwritten_.data() + written_, unwritten_.size() - written_);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EAGAIN) jobs_pipe_.reset();  // its death is told by the pidfd
    if (count < 0) break;
    written_ += static_cast<std::size_t>(count);
  }
  if (written_ >= kept_written || written_ == unwritten_.size()) {
    unwritten_.erase(0, written_);
    written_ = 0;
  }
  if (ends_ && unwritten_.empty()) jobs_pipe_.reset();
}

bool WorkerPipe::read_some() {
  if (!answers_pipe_) return false;
  std::array<char, 1 << 16> buffer;
  const auto count = ::read(answers_pipe_.get(), buffer.data(), buffer.size());
  if (count < 0 && errno == EINTR) return true;
  if (count == 0) answers_pipe_.reset();  // it has said all; poll would report this for ever
  if (count <= 0) return false;
  reader_.feed({buffer.data(), static_cast<std::size_t>(count)});
  return true;
}

Result<std::optional<process::Record>> WorkerPipe::next() {
  if (broken_) return std::optional<process::Record>();
  return reader_.next();
}

void WorkerPipe::give_up() {
  broken_ = true;
  kill(SIGKILL);
}

void WorkerPipe::add_to(std::vector<pollfd>& descriptors) const {
  descriptors.push_back({child_.pidfd(), POLLIN, 0});
  if (answers_pipe_) descriptors.push_back({answers_pipe_.get(), POLLIN, 0});
  if (jobs_pipe_ && !unwritten_.empty()) descriptors.push_back({jobs_pipe_.get(), POLLOUT, 0});
}

}  // namespace tubepost::qrun
