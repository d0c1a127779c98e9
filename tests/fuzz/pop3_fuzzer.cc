// Each input in each phase of a session: before TLS, before the password, inside AUTH, logged in. Nobody's
// password is right, so that the mailbox's content may only appear in the last. Output is whole lines always.
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "base/crc32c.h"
#include "popd/session.h"
#include "support/memory_stream.h"
#include "support/temporary_folder.h"

namespace {

using namespace tubepost;
using test_support::MemoryStream;

constexpr std::string_view mark = "only bob may see this";

void demand(bool holds) {
  if (!holds) std::abort();
}

class NobodyIsRight final : public auth::Authenticator {
public:
  Result<std::vector<auth::MechanismInfo>> mechanisms() override {
    return std::vector<auth::MechanismInfo>{{"PLAIN", true, false}, {"SCRAM-SHA-256", false, false}};
  }
  Begun begin(const auth::Request& request) override {
    if (request.initial_response) return {failed(), nullptr};
    return {{auth::Step::Kind::challenge, "?", {}, false, {}}, std::make_unique<Dialogue>()};
  }

private:
  static auth::Step failed() { return {auth::Step::Kind::failed, "no", {}, false, {}}; }
  struct Dialogue final : auth::Exchange {
    auth::Step step(std::string_view response) override {
      return response.size() % 3 == 0 ? auth::Step{auth::Step::Kind::challenge, "more", {}, false, {}}
                                      : failed();
    }
    void cancel() override {}
  };
};

// One for all inputs.
struct World {
  World() {
    directory::Directory::Options directory_options;
    directory_options.create = true;
    directory_options.read_only = false;
    directory.emplace(directory::Directory::open(folder / "directory", directory_options).value());
    demand(directory->add_domain("x", {}).has_value());
    bob = directory->add_account("bob@x", {}).value().id;
    mailstore::MailStore::Options options;
    options.create = true;
    options.group_commit = false;
    store.emplace(mailstore::MailStore::open(folder / "store", options, clock).value());
  }
  void fill() {
    if (store->open_mailbox(bob, mailstore::inbox).value().messages >= 2) return;
    const std::string body = "Subject: " + std::string(mark) + "\r\n\r\n.\r\n..\r\nlast";
    mailstore::Delivery delivery;
    delivery.id = {spool::SpoolId::make(clock), 0};
    delivery.account = bob;
    delivery.body = body;
    delivery.body_crc = crc32c(body);
    demand(store->deliver({delivery}).has_value());
    fill();
  }

  const test_support::TemporaryFolder folder;
  SystemClock clock;
  std::optional<directory::Directory> directory;
  std::optional<mailstore::MailStore> store;
  NobodyIsRight authenticator;
  log::Logger logger{"popd", log::Level::error, log::Format::logfmt, -1};
  directory::AccountId bob = 0;
};

std::string talk(World& world, const std::string& input, bool tls, bool logged_in) {
  popd::Client client;
  client.tls = tls;
  if (logged_in) client.preauthenticated = smtp::Mailbox{"bob", "x"};
  const popd::Services services{*world.store, *world.directory, world.authenticator, nullptr, world.logger};
  MemoryStream stream(input, MemoryStream::AtEnd::end_of_input, input.size() % 7 + 1);
  popd::Session(services, {"mx", false, std::chrono::seconds(600)}, std::move(client), stream).run();
  demand(stream.output.ends_with("\r\n"));
  demand(logged_in || stream.output.find(mark) == std::string::npos);
  return stream.output;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  const std::string input(reinterpret_cast<const char*>(data), size);
  world.fill();
  talk(world, input, false, false);
  talk(world, "USER bob@x\r\n" + input, true, false);
  talk(world, "AUTH PLAIN\r\n" + input, true, false);
  talk(world, input, true, true);
  return 0;
}
