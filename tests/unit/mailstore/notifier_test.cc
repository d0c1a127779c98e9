#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lmdb/environment.h"
#include "mailstore/notifier.h"
#include "unit/mailstore/fixture.h"

namespace tubepost::mailstore::test {
namespace {

class Listener {
public:
  explicit Listener(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  std::string heard() {
    char buffer[4096];
    const ssize_t got = ::recv(fd_.get(), buffer, sizeof buffer, 0);
    return got < 0 ? "" : std::string(buffer, static_cast<std::size_t>(got));
  }
  void close() { fd_.reset(); }

private:
  UniqueFd fd_;
};

std::string changed(AccountId account, MailboxId mailbox) {
  std::string text;
  lmdb::append_u64(text, account);
  lmdb::append_u32(text, mailbox);
  return text;
}

struct NotifyingStore : Store {
  NotifyingStore() {
    notify_folder = folder / "notify";
    std::filesystem::create_directory(notify_folder);
    open();
  }
};

TEST(Notifier, TellsEveryListenerWhichMailboxesChanged) {
  NotifyingStore store;
  store.deliver({message("x").to(5), message("y").to(7)});
  Listener first(store.notify_folder + "/one"), second(store.notify_folder + "/two");
  store.deliver({message("a").to(5), message("b").to(7), message("c").to(5)});
  EXPECT_EQ(first.heard(), changed(5, 1) + changed(7, 1));
  EXPECT_EQ(second.heard(), changed(5, 1) + changed(7, 1));
}

TEST(Notifier, TellsOfANewMailboxAsAChangeOfTheList) {
  NotifyingStore store;
  Listener listener(store.notify_folder + "/one");
  ASSERT_TRUE(store->create(5, "New").has_value());
  EXPECT_EQ(listener.heard(), changed(5, 0) + changed(5, 1));
}

TEST(Notifier, TellsOfExpungesAndNotOfRepetitions) {
  NotifyingStore store;
  store.deliver(message("a"));
  Listener listener(store.notify_folder + "/one");
  store.deliver(message("a"));
  EXPECT_EQ(listener.heard(), "");
  store.expunge({1});
  EXPECT_EQ(listener.heard(), changed(1, 1));
}

TEST(Notifier, RemovesSocketsNobodyReadsAndLeavesOtherFiles) {
  NotifyingStore store;
  Listener dead(store.notify_folder + "/dead");
  dead.close();
  { const UniqueFd file(::open((store.notify_folder + "/file").c_str(), O_CREAT | O_WRONLY, 0600)); }
  store.deliver(message("a"));
  EXPECT_FALSE(std::filesystem::exists(store.notify_folder + "/dead"));
  EXPECT_TRUE(std::filesystem::exists(store.notify_folder + "/file"));
}

TEST(Notifier, WhoeverComesAndGoesMeanwhileIsFound) {
  NotifyingStore store;
  store.deliver(message("x"));
  int number = 0;
  const auto deliver = [&] { store.deliver(message(std::to_string(++number))); };
  {
    Listener first(store.notify_folder + "/one");
    deliver();
    EXPECT_EQ(first.heard(), changed(1, 1));
    Listener second(store.notify_folder + "/two");
    deliver();
    EXPECT_EQ(second.heard(), changed(1, 1));
    EXPECT_EQ(first.heard(), changed(1, 1));
  }
  deliver();  // to nobody, which is how it is found out
  deliver();
  EXPECT_FALSE(std::filesystem::exists(store.notify_folder + "/one"));
  Listener again(store.notify_folder + "/one");
  deliver();
  EXPECT_EQ(again.heard(), changed(1, 1));
}

// A folder that has not changed for long is not read again, until a listener has gone.
TEST(Notifier, AListenerIsHeardOfInAFolderThatWasQuietForLong) {
  NotifyingStore store;
  store.deliver(message("x"));
  Listener first(store.notify_folder + "/one");
  std::filesystem::last_write_time(store.notify_folder,
                                   std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  for (const auto* name : {"a", "b", "c"}) {
    store.deliver(message(name));
    EXPECT_EQ(first.heard(), changed(1, 1));
  }
  first.close();
  store.deliver(message("d"));
  store.deliver(message("e"));
  EXPECT_FALSE(std::filesystem::exists(store.notify_folder + "/one"));
}

TEST(Notifier, AListenerThatNeverReadsHoldsNobodyUp) {
  NotifyingStore store;
  store.deliver(message("x"));
  Listener lazy(store.notify_folder + "/lazy");
  for (int i = 0; i < 300; ++i) store.deliver(message(std::to_string(i)));
  EXPECT_EQ(lazy.heard(), changed(1, 1));
  EXPECT_TRUE(std::filesystem::exists(store.notify_folder + "/lazy"));
}

TEST(Notifier, SplitsManyChangesIntoSmallDatagrams) {
  NotifyingStore store;
  std::vector<Letter> letters;
  for (AccountId account = 1; account <= changes_per_datagram + 1; ++account)
    letters.push_back(message("a").to(account).for_recipient(static_cast<std::uint32_t>(account)));
  store.deliver(letters);
  for (auto& letter : letters) letter.name = "b";
  Listener listener(store.notify_folder + "/one");
  store.deliver(letters);
  EXPECT_EQ(listener.heard().size(), 12 * changes_per_datagram);
  EXPECT_EQ(listener.heard(), changed(changes_per_datagram + 1, 1));
}

}  // namespace
}  // namespace tubepost::mailstore::test
