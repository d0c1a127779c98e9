#include "qrun/worker_pool.h"

#include <algorithm>
#include <csignal>
#include <iterator>

#include "base/text.h"
#include "qrun/pause.h"

namespace tubepost::qrun {
namespace {

constexpr unsigned failures_max = 3;  // deaths in a row without one answer, before everything is given back
constexpr unsigned crashes_in_row_max = 5;  // different suspects cannot all be poison

std::string describe(const process::Ended& ended) {
  return (ended.by_signal ? "was killed by signal " : "ended with status ") + std::to_string(ended.code);
}

}  // namespace

bool is_crash(const process::Ended& ended) {
  constexpr std::array<int, 8> signals{SIGSEGV, SIGABRT, SIGBUS, SIGILL, SIGFPE, SIGSYS, SIGTRAP, SIGXCPU};
  return ended.by_signal && std::find(signals.begin(), signals.end(), ended.code) != signals.end();
}

WorkerPool::WorkerPool(WorkerKind kind, int lock, const log::Logger& logger)
    : kind_(std::move(kind)), lock_(lock), logger_(logger), slots_(kind_.processes) {}

void WorkerPool::add(Job job) {
  auto& queue = job.claim.recipient.crashes > 0 ? suspects_ : waiting_;
  queue.push_back(std::move(job));
}

void WorkerPool::forget(const std::vector<JobKey>& recorded) {
  to_forget_.insert(to_forget_.end(), recorded.begin(), recorded.end());
}

std::size_t WorkerPool::jobs() const {
  std::size_t count = waiting_.size() + suspects_.size();
  for (const Slot& slot : slots_) count += slot.worker ? slot.worker->jobs().size() : 0;
  return count;
}

bool WorkerPool::any_running() const {
  return std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.worker.has_value(); });
}

bool WorkerPool::has_ended() const { return !any_running(); }

PoolNews WorkerPool::work(Milliseconds now, Milliseconds job_timeout) {
  PoolNews news;
  if (!waiting_.empty() || !suspects_.empty()) start_missing(now, news);
  for (Slot& slot : slots_) {
    if (!slot.worker) continue;
    fill(slot, now);
    exchange(slot, now, news);
    if (slot.worker) fill(slot, now);
    if (slot.worker) judge_silence(slot, now, job_timeout);
  }
  return news;
}

void WorkerPool::start_missing(Milliseconds now, PoolNews& news) {
  if (stopping_ || now < not_before_) return;
  std::size_t wanted = waiting_.size() + suspects_.size();
  for (Slot& slot : slots_) {
    if (slot.worker || wanted == 0) continue;
    auto worker = Worker::start(kind_.argv, lock_, now);
    if (!worker) {
      ++failures_;
      logger_.error("worker-start-failed", {{"worker", kind_.name}, {"text", worker.error().text}});
      if (!any_running()) give_all_back("no " + kind_.name + ": " + worker.error().text, now, news);
      return;
    }
    slot = {std::move(*worker), false, false};
    wanted -= std::min(wanted, kind_.window);
    ++statistics_.started;
    logger_.debug("worker-started", {{"worker", kind_.name}, {"pid", slot.worker->pid()}});
  }
}

// Suspects go first, each to a process that has nothing else; while there are any, batches run dry.
void WorkerPool::fill(Slot& slot, Milliseconds now) {
  Worker& worker = *slot.worker;
  if (worker.jobs().empty()) slot.alone = false;
  send_forgotten(worker);
  if (!suspects_.empty() && worker.jobs().empty()) {
    slot.alone = true;
    worker.give(std::move(suspects_.front()), now);
    suspects_.pop_front();
  }
  while (suspects_.empty() && !slot.alone && !waiting_.empty() && worker.jobs().size() < kind_.window) {
    worker.give(std::move(waiting_.front()), now);
    waiting_.pop_front();
  }
}

void WorkerPool::send_forgotten(Worker& worker) {
  for (const process::Record& record : forget_records(to_forget_)) worker.send(record);
  to_forget_.clear();
}

void WorkerPool::take(Worker::News found, PoolNews& news) {
  for (const std::string& problem : found.problems)
    logger_.error("worker-answer-bad", {{"worker", kind_.name}, {"text", problem}});
  if (!found.answers.empty()) failures_ = crashes_in_row_ = 0;
  news.answers.insert(news.answers.end(), std::make_move_iterator(found.answers.begin()),
                      std::make_move_iterator(found.answers.end()));
}

void WorkerPool::exchange(Slot& slot, Milliseconds now, PoolNews& news) {
  take(slot.worker->exchange(now), news);
  Worker::News last;
  const auto ended = slot.worker->ended(now, last);
  take(std::move(last), news);
  if (ended) bury(slot, *ended, now, news);
}

void WorkerPool::judge_silence(Slot& slot, Milliseconds now, Milliseconds job_timeout) {
  if (slot.timed_out || slot.worker->jobs().empty() || now - slot.worker->last_progress() < job_timeout)
    return;
  logger_.error("worker-silent",
                {{"worker", kind_.name}, {"pid", slot.worker->pid()}, {"jobs", slot.worker->jobs().size()}});
  slot.timed_out = true;
  slot.worker->kill(SIGKILL);
}

void WorkerPool::bury(Slot& slot, const process::Ended& ended, Milliseconds now, PoolNews& news) {
  const bool crashed = slot.timed_out || is_crash(ended);
  const bool answered = slot.worker->has_answered();
  const std::size_t left = slot.worker->jobs().size();
  if (left > 0 || ended.by_signal || ended.code != 0) {
    ++statistics_.died;
    logger_.error("worker-died", {{"worker", kind_.name},
                                  {"pid", slot.worker->pid()},
                                  {"how", describe(ended)},
                                  {"jobs", left},
                                  {"alone", slot.alone}});
  }
  if (slot.alone && left == 1) {
    judge_suspect(slot, ended, crashed, news, now);
  } else {
    // Which of them it was, if any, is found out one at a time.
    for (Job& job : slot.worker->take_jobs()) suspects_.push_back(std::move(job));
    if (left > 0 && !answered && !crashed && ++failures_ >= failures_max)
      give_all_back(kind_.name + ' ' + describe(ended), now, news);
  }
  slot = {};
}

void WorkerPool::judge_suspect(Slot& slot, const process::Ended& ended, bool crashed, PoolNews& news,
                               Milliseconds now) {
  auto jobs = slot.worker->take_jobs();
  if (crashed && ++crashes_in_row_ < crashes_in_row_max) {
    ++statistics_.crashed_alone;
    news.crashes.push_back(
        {std::move(jobs.front()), slot.timed_out ? "said nothing for too long"
                                                 : "crashed (signal " + std::to_string(ended.code) + ")"});
    return;
  }
  // Killed from outside, ended by itself, or one of so many that the program itself must be broken.
  suspects_.push_front(std::move(jobs.front()));
  if (++failures_ >= failures_max || crashed) give_all_back(kind_.name + ' ' + describe(ended), now, news);
}

void WorkerPool::give_all_back(const std::string& why, Milliseconds now, PoolNews& news) {
  for (auto* queue : {&suspects_, &waiting_}) {
    news.given_back.insert(news.given_back.end(), std::make_move_iterator(queue->begin()),
                           std::make_move_iterator(queue->end()));
    queue->clear();
  }
  failures_ = std::max(failures_, 1U);
  news.why_given_back = why;
  news.pause = pause_after(failures_);
  not_before_ = now + news.pause;
}

std::vector<Job> WorkerPool::stop() {
  stopping_ = true;
  std::vector<Job> untried;
  for (auto* queue : {&suspects_, &waiting_}) {
    std::move(queue->begin(), queue->end(), std::back_inserter(untried));
    queue->clear();
  }
  return untried;
}

void WorkerPool::end() {
  for (Slot& slot : slots_) {
    if (!slot.worker) continue;
    send_forgotten(*slot.worker);
    slot.worker->end_of_jobs();
  }
}

std::optional<Milliseconds> WorkerPool::next_look(Milliseconds job_timeout) const {
  std::optional<Milliseconds> next;
  const auto at = [&](Milliseconds time) { next = next ? std::min(*next, time) : time; };
  if (!waiting_.empty() || !suspects_.empty()) at(not_before_);
  for (const Slot& slot : slots_)
    if (slot.worker && !slot.worker->jobs().empty() && !slot.timed_out)
      at(slot.worker->last_progress() + job_timeout);
  return next;
}

void WorkerPool::add_to(std::vector<pollfd>& descriptors) const {
  for (const Slot& slot : slots_)
    if (slot.worker) slot.worker->add_to(descriptors);
}

}  // namespace tubepost::qrun
