#include "mailstore/change_watcher.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "base/file.h"
#include "base/unique_fd.h"
#include "lmdb/environment.h"
#include "mailstore/notifier.h"

namespace tubepost::mailstore {
namespace {

constexpr std::size_t entry_size = 12;  // of a datagram: account, mailbox
constexpr Milliseconds look_every{1000};
using Time = std::chrono::steady_clock::time_point;

void wake(int fd) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(fd, &one, sizeof one);  // full: it is awake
}

std::atomic<unsigned> listeners{0};  // names of this process's sockets

// Binds by way of a descriptor: a socket's path has at most 107 bytes, the home may be deeper.
Result<UniqueFd> listen_in(const std::string& folder, std::string& path) {
  const UniqueFd opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!opened || !socket) return Failure::temporary(folder + ": " + error_text(errno));
  const auto name = "watch." + std::to_string(::getpid()) + '.' + std::to_string(listeners++);
  path = folder + '/' + name;
  ::unlink(path.c_str());  // of an earlier process with this number
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const auto way = "/proc/self/fd/" + std::to_string(opened.get()) + '/' + name;
  way.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return Failure::temporary(path + ": " + error_text(errno));
  return socket;
}

}  // namespace

struct ChangeWatcher::State {
  class Subscription;

  State(const MailStore& its_store, UniqueFd its_socket, std::string its_path)
      : store(its_store), socket(std::move(its_socket)), path(std::move(its_path)) {}

  void run();
  void read_datagrams();
  void look();
  void tell(MailboxRef mailbox);
  void add(Subscription& subscription, const std::vector<MailboxRef>& mailboxes);
  void remove(Subscription& subscription, const std::vector<MailboxRef>& mailboxes);

  const MailStore& store;
  UniqueFd socket, stop{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::string path;

  struct Watched {
    std::vector<Subscription*> by;
    std::optional<ModSeq> known;  // what was last looked at
  };
  std::mutex mutex;
  std::map<MailboxRef, Watched> watched;
  std::uint64_t looked_at = 0;  // the store's change counter; of the thread only
  std::thread thread;
};

class ChangeWatcher::State::Subscription final : public ChangeWatcher::Watch {
public:
  Subscription(State& state, UniqueFd event, std::vector<MailboxRef> mailboxes)
      : state_(state), event_(std::move(event)), mailboxes_(std::move(mailboxes)) {
    state_.add(*this, mailboxes_);
  }
  ~Subscription() override { state_.remove(*this, mailboxes_); }
  int fd() const override { return event_.get(); }
  void clear() override {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(event_.get(), &count, sizeof count);  // nothing: it is clear
  }
  void replace(std::vector<MailboxRef> mailboxes) override {
    state_.remove(*this, mailboxes_);
    mailboxes_ = std::move(mailboxes);
    mailboxes_.shrink_to_fit();
    state_.add(*this, mailboxes_);
  }

private:
  State& state_;
  UniqueFd event_;
  std::vector<MailboxRef> mailboxes_;
};

void ChangeWatcher::State::add(Subscription& subscription, const std::vector<MailboxRef>& mailboxes) {
  const std::lock_guard lock(mutex);
  for (const auto& mailbox : mailboxes) watched[mailbox].by.push_back(&subscription);
}

void ChangeWatcher::State::remove(Subscription& subscription, const std::vector<MailboxRef>& mailboxes) {
  const std::lock_guard lock(mutex);
  for (const auto& mailbox : mailboxes) {
    const auto found = watched.find(mailbox);
    if (found == watched.end()) continue;
    std::erase(found->second.by, &subscription);
    if (found->second.by.empty()) watched.erase(found);
  }
}

void ChangeWatcher::State::tell(MailboxRef mailbox) {
  const std::lock_guard lock(mutex);
  const auto found = watched.find(mailbox);
  if (found == watched.end()) return;
  for (const auto* subscription : found->second.by) wake(subscription->fd());
}

void ChangeWatcher::State::run() {
  sigset_t all;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pollfd sources[] = {{stop.get(), POLLIN, 0}, {socket.get(), POLLIN, 0}};  // poll passes over one that is -1
  auto next_look = Time::clock::now() + look_every;
  for (;;) {
    const auto left = std::chrono::duration_cast<Milliseconds>(next_look - Time::clock::now());
    const int ready = ::poll(sources, 2, static_cast<int>(std::max<Milliseconds::rep>(left.count(), 0)));
    if (ready < 0 && errno != EINTR) return;
    if (ready > 0 && (sources[0].revents & POLLIN) != 0) return;
    if (ready > 0) read_datagrams();
    if (Time::clock::now() < next_look) continue;
    look();
    next_look = Time::clock::now() + look_every;
  }
}

void ChangeWatcher::State::read_datagrams() {
  char buffer[entry_size * changes_per_datagram];
  for (;;) {
    const auto got = ::recv(socket.get(), buffer, sizeof buffer, 0);
    if (got < 0) return;
    for (std::string_view rest(buffer, static_cast<std::size_t>(got)); rest.size() >= entry_size;
         rest.remove_prefix(entry_size))
      tell({lmdb::read_u64(rest), lmdb::read_u32(rest.substr(8))});
  }
}

// Against datagrams that were lost. Whoever came since the last look is woken once, for it may be its change.
void ChangeWatcher::State::look() {
  const auto counter = store.change_counter();
  if (counter == looked_at) return;
  std::vector<MailboxRef> mailboxes;
  {
    const std::lock_guard lock(mutex);
    mailboxes.reserve(watched.size());
    for (const auto& [mailbox, entry] : watched) mailboxes.push_back(mailbox);
  }
  const auto modseqs = store.highest_modseqs(mailboxes);
  if (!modseqs) return;  // the next look is in a second
  looked_at = counter;
  const std::lock_guard lock(mutex);
  for (std::size_t i = 0; i < mailboxes.size(); ++i) {
    const auto found = watched.find(mailboxes[i]);
    if (found == watched.end() || found->second.known == (*modseqs)[i]) continue;
    found->second.known = (*modseqs)[i];
    for (const auto* subscription : found->second.by) wake(subscription->fd());
  }
}

// ---- ChangeWatcher

ChangeWatcher::ChangeWatcher(std::unique_ptr<State> state) : state_(std::move(state)) {}

ChangeWatcher::~ChangeWatcher() {
  wake(state_->stop.get());
  state_->thread.join();
  if (!state_->path.empty()) ::unlink(state_->path.c_str());
}

Result<std::unique_ptr<ChangeWatcher>> ChangeWatcher::start(const MailStore& store,
                                                            const std::string& notify_folder) {
  std::string path;
  UniqueFd socket;
  if (!notify_folder.empty()) {
    auto listening = listen_in(notify_folder, path);
    if (!listening) return std::move(listening).error();
    socket = std::move(*listening);
  }
  auto state = std::make_unique<State>(store, std::move(socket), std::move(path));
  if (!state->stop) return Failure::temporary(std::string("eventfd: ") + error_text(errno));
  auto* const running = state.get();
  state->thread = std::thread([running] { running->run(); });
  return std::unique_ptr<ChangeWatcher>(new ChangeWatcher(std::move(state)));
}

Result<std::unique_ptr<ChangeWatcher::Watch>> ChangeWatcher::watch(std::vector<MailboxRef> mailboxes) {
  UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) return Failure::temporary(std::string("eventfd: ") + error_text(errno));
  return std::unique_ptr<Watch>(
      std::make_unique<State::Subscription>(*state_, std::move(event), std::move(mailboxes)));
}

}  // namespace tubepost::mailstore
