// Any bytes from a client, in every state of a session: the session ends, and the store is as it should be.
#include <filesystem>

#include "imapd/session.h"
#include "support/fake_authenticator.h"
#include "support/memory_stream.h"
#include "support/temporary_folder.h"

namespace {

using namespace tubepost;

struct World {
  World() {
    std::filesystem::create_directory(folder / "store");
    std::filesystem::create_directory(folder / "directory");
    directory::Directory::Options writable;
    writable.create = true;
    writable.read_only = false;
    directory.emplace(std::move(*directory::Directory::open(folder / "directory", writable)));
    if (!directory->add_domain("example.test", {}) || !directory->add_account("bob@example.test", {}))
      std::abort();
    mailstore::MailStore::Options options;
    options.create = true;
    options.group_commit = false;
    store.emplace(std::move(*mailstore::MailStore::open(folder / "store", options, clock)));
    talk("a APPEND INBOX {27+}\r\nSubject: x\r\n\r\nText: body\r\n\r\nb APPEND INBOX {3+}\r\nx\r\n\r\n");
  }
  void talk(const std::string& input, bool logged_in = true) {
    test_support::MemoryStream stream(input);
    imapd::Client client;
    client.tls = true;
    if (logged_in) client.preauthenticated = smtp::Mailbox{"bob", "example.test"};
    const imapd::Services services{*store, nullptr, *directory, authenticator, nullptr, clock, logger};
    const imapd::Rules rules{"mx.example.test", false, std::chrono::seconds(1800), 1 << 16};
    imapd::Session(services, rules, client, stream).run();
    if (!stream.output.starts_with("* ")) std::abort();
  }

  const test_support::TemporaryFolder own;
  const std::filesystem::path folder = own.path();
  SystemClock clock;
  std::optional<directory::Directory> directory;
  std::optional<mailstore::MailStore> store;
  test_support::FakeAuthenticator authenticator;
  log::Logger logger{"imapd", log::Level::error, log::Format::logfmt, -1};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  const std::string input(reinterpret_cast<const char*>(data), size);
  world.talk(input, false);
  for (const std::string phase :
       {"", "s SELECT INBOX\r\n", "e ENABLE IMAP4rev2 QRESYNC\r\ns EXAMINE INBOX\r\n",
        "a APPEND INBOX {9+}\r\n", "i IDLE\r\n", "s SELECT INBOX\r\nf FETCH 1:* ",
        "s SELECT INBOX\r\nf UID SEARCH ", "s SELECT INBOX\r\nf STORE 1 ",
        "e ENABLE UIDONLY\r\ns SELECT INBOX\r\nf UID ", "n NOTIFY SET (personal (MessageNew MessageExpunge ",
        "n NOTIFY SET (selected (MessageNew (FLAGS) MessageExpunge FlagChange))\r\ns SELECT INBOX\r\n",
        "a APPEND INBOX CATENATE (", "m SETMETADATA INBOX (/private/comment ", "m GETMETADATA ",
        "r SETACL INBOX ", "l LIST ", "x ESEARCH IN (", "s SELECT INBOX\r\nf SORT ", "c CREATE "})
    world.talk(phase + input);
  return 0;
}
