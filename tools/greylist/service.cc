#include "greylist/service.h"

#include <unistd.h>

#include <condition_variable>
#include <thread>

#include "base/text.h"
#include "greylist/session.h"
#include "net/fd_stream.h"
#include "net/server.h"

namespace tubepost::greylist {
namespace {

constexpr std::chrono::milliseconds commit_interval{500};  // so that what waits is on disk within a second

// All that a process holds open, after any fork.
class Worker {
public:
  Worker(const config::Program& program, const log::Logger& logger, Parameters first)
      : live_(program.inputs(), program.settings(), logger), logger_(logger), rule_(live_, first, logger) {}
  ~Worker() {
    if (!committer_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    committer_.join();
  }

  Result<void> open(const std::string& folder) {
    auto opened = Store::open(folder, clock_);
    if (!opened) return std::move(opened).error();
    store_ = std::move(*opened);
    return {};
  }
  void commit_regularly() {
    store_->call_when_half_full([this] { hurry(); });
    committer_ = std::thread([this] { run_committer(); });
  }
  void commit() {
    if (const auto done = store_->commit(rule_.current()); !done)
      logger_.error("commit-failed", {{"reason", done.error().text}});
  }
  Services services(Durability durability) { return {*store_, rule_, logger_, durability}; }

private:
  void hurry() {
    {
      const std::lock_guard lock(mutex_);
      is_hurried_ = true;
    }
    wake_.notify_all();
  }
  void run_committer() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      wake_.wait_for(lock, commit_interval, [this] { return stopping_ || is_hurried_; });
      is_hurried_ = false;
      lock.unlock();
      commit();
      lock.lock();
    }
  }

  config::LiveSettings live_;
  const log::Logger& logger_;
  SystemClock clock_;
  std::unique_ptr<Store> store_;
  Rule rule_;
  std::mutex mutex_;  // of the two below
  std::condition_variable wake_;
  bool stopping_ = false, is_hurried_ = false;
  std::thread committer_;
};

Result<std::shared_ptr<Worker>> open_worker(const config::Program& program, const log::Logger& logger) {
  const auto parameters = Parameters::of(*program.settings());
  if (!parameters) return parameters.error();
  auto worker = std::make_shared<Worker>(program, logger, *parameters);
  if (auto opened = worker->open(program.settings()->path("greylist")); !opened)
    return std::move(opened).error();
  return worker;
}

// "unix:PATH" below the instance's home, "inet:ADDR:PORT" as Postfix writes it.
std::string listen_address(const config::Settings& settings, std::string_view text) {
  if (text.starts_with("inet:")) return std::string(text.substr(5));
  if (text.starts_with("unix:") && !text.starts_with("unix:/"))
    return "unix:" + settings.path(text.substr(5));
  return std::string(text);
}

net::ServerOptions server_options(const config::Settings& settings, const Options& options) {
  net::ListenerSpec listener;
  listener.name = "greylist";
  for (const auto& address : options.listen) listener.addresses.push_back(listen_address(settings, address));
  listener.connections = settings.number("greylist.connections");
  net::ServerOptions server;
  server.connections = server.connections_per_address = listener.connections;
  server.listeners = {std::move(listener)};
  if (!options.ready_fd.empty()) server.ready_fd = parse_number<int>(options.ready_fd);
  return server;
}

ExitStatus serve_stdio(const config::Program& program, const log::Logger& logger) {
  auto worker = open_worker(program, logger);
  if (!worker) return config::complain("greylist", worker.error());
  net::FdStream stream(STDIN_FILENO, STDOUT_FILENO);
  const auto status = converse((*worker)->services(Durability::before_answer), stream);
  (*worker)->commit();
  return status;
}

ExitStatus serve_listeners(const config::Program& program, const Options& options,
                           const log::Logger& logger) {
  net::Server server(server_options(*program.settings(), options), logger);
  return server.run([&]() -> Result<net::Handler> {
    auto worker = open_worker(program, logger);
    if (!worker) return std::move(worker).error();
    (*worker)->commit_regularly();
    return net::Handler([all = std::move(*worker)](net::Connection connection) {
      converse(all->services(Durability::soon), *connection.stream);
    });
  });
}

}  // namespace

ExitStatus serve(const config::Program& program, const Options& options) {
  const auto logger = program.logger();
  // Before anything is bound: a rule that nobody could pass.
  if (const auto rule = Parameters::of(*program.settings()); !rule)
    return config::complain("greylist", rule.error());
  return options.listen.empty() ? serve_stdio(program, logger) : serve_listeners(program, options, logger);
}

}  // namespace tubepost::greylist
