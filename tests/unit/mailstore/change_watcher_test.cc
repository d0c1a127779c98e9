#include "mailstore/change_watcher.h"

#include <poll.h>

#include <thread>

#include "unit/mailstore/mailbox_language.h"

namespace tubepost::mailstore::test {
namespace {

bool is_woken(const ChangeWatcher::Watch& watch, int timeout_ms) {
  pollfd source{watch.fd(), POLLIN, 0};
  return ::poll(&source, 1, timeout_ms) == 1;
}
constexpr int long_enough_ms = 20'000;

struct WatchedStore : Store {
  WatchedStore() {
    notify_folder = folder / "notify";
    std::filesystem::create_directory(notify_folder);
    open();
  }
};

TEST(ChangeWatcher, WakesWhoWatchesTheMailbox) {
  WatchedStore store;
  const auto a = make(*store, 1, "a"), b = make(*store, 1, "b");
  auto watcher = *ChangeWatcher::start(*store, store.notify_folder);
  auto of_a = *watcher->watch({a});
  auto of_both = *watcher->watch({b, a});
  append(*store, a, {"one"});
  EXPECT_TRUE(is_woken(*of_a, long_enough_ms));
  EXPECT_TRUE(is_woken(*of_both, long_enough_ms));
  of_a->clear();
  of_a->replace({b});
  append(*store, b, {"two"});
  EXPECT_TRUE(is_woken(*of_a, long_enough_ms));
}

TEST(ChangeWatcher, SeesTheListOfMailboxesChange) {
  WatchedStore store;
  auto watcher = *ChangeWatcher::start(*store, store.notify_folder);
  auto watch = *watcher->watch({MailboxRef{1, 0}});
  ASSERT_TRUE(store->subscribe(1, "x").has_value());
  EXPECT_TRUE(is_woken(*watch, long_enough_ms));
}

TEST(ChangeWatcher, FindsWhatWasNotToldIt) {
  Store store;  // tells nobody
  const auto box = make(*store, 1, "a");
  auto watcher = *ChangeWatcher::start(*store, "");
  auto watch = *watcher->watch({box});
  ASSERT_TRUE(is_woken(*watch, long_enough_ms)) << "whoever is new is woken once";
  watch->clear();
  append(*store, box, {"one"});
  EXPECT_TRUE(is_woken(*watch, long_enough_ms));
}

TEST(ChangeWatcher, LeavesNoSocketBehind) {
  WatchedStore store;
  { auto watcher = *ChangeWatcher::start(*store, store.notify_folder); }
  EXPECT_TRUE(std::filesystem::is_empty(store.notify_folder));
}

TEST(ChangeWatcher, ServesThreadsThatComeAndGo) {
  WatchedStore store;
  store.group_commit = true;
  store.open();
  const auto box = make(*store, 1, "a");
  auto watcher = *ChangeWatcher::start(*store, store.notify_folder);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        auto watch = *watcher->watch({box});
        append(*store, box, {"one"});
        if (!is_woken(*watch, long_enough_ms)) std::abort();
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(store->status(box)->messages, 40U);
}

}  // namespace
}  // namespace tubepost::mailstore::test
