#include "qrun/worker.h"

#include <csignal>

namespace tubepost::qrun {

Result<Worker> Worker::start(const std::vector<std::string>& argv, int lock, Milliseconds now) {
  auto pipe = WorkerPipe::start(argv, lock);
  if (!pipe) return std::move(pipe).error();
  return Worker(std::move(*pipe), now);
}

void Worker::give(Job job, Milliseconds now) {
  if (jobs_.empty()) last_progress_ = now;
  send(to_record(job));
  const JobKey key = job.key();
  jobs_.insert_or_assign(key, std::move(job));
}

Worker::News Worker::exchange(Milliseconds now) {
  News news;
  pipe_.exchange();
  take_answers(news, now);
  return news;
}

void Worker::take_answers(News& news, Milliseconds now) {
  for (;;) {
    auto record = pipe_.next();
    if (record && !*record) return;
    auto answer = record ? parse_answer(**record) : Result<Answer>(std::move(record).error());
    if (!answer) {
      news.problems.push_back(answer.error().text);
      pipe_.give_up();
      return;
    }
    const auto job = jobs_.find(answer->key);
    if (job == jobs_.end()) {
      news.problems.push_back("an answer to a job it does not have: " + answer->key.id.to_text());
      continue;
    }
    has_answered_ = true;
    last_progress_ = now;
    news.answers.emplace_back(std::move(job->second), std::move(*answer));
    jobs_.erase(job);
  }
}

std::optional<process::Ended> Worker::ended(Milliseconds now, News& news) {
  const auto ended = pipe_.ended();
  if (!ended) return std::nullopt;
  // What it said before it died counts: those jobs are done.
  pipe_.exchange();
  take_answers(news, now);
  return ended;
}

std::vector<Job> Worker::take_jobs() {
  std::vector<Job> jobs;
  for (auto& [key, job] : jobs_) jobs.push_back(std::move(job));
  jobs_.clear();
  return jobs;
}

}  // namespace tubepost::qrun
