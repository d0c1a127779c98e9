// Any bytes from a client, in every phase of a session: a reply, a limit or the end, and the spool stays as it should be.
#include <filesystem>

#include "smtpd/session.h"
#include "support/fake_authenticator.h"
#include "support/memory_stream.h"
#include "support/temporary_folder.h"

namespace {

using namespace tubepost;

struct World {
  World() {
    std::filesystem::create_directory(folder / "spool");
    std::filesystem::create_directory(folder / "directory");
    directory::Directory::Options writable;
    writable.create = true;
    writable.read_only = false;
    directory.emplace(std::move(*directory::Directory::open(folder / "directory", writable)));
    if (!directory->add_domain("example.test", {}) || !directory->add_account("bob@example.test", {})) std::abort();
    spool::Spool::Options options;
    options.create = true;
    options.group_commit = false;
    options.disk_reserve = 0;
    spool.emplace(std::move(*spool::Spool::open(folder / "spool", options, clock)));
    config::Inputs inputs;
    inputs.home = "/nonexistent";
    inputs.arguments = {{"server.hostname", "mx.example.test"}, {"smtpd.xclient-hosts", "192.0.2.7"}};
    for (const auto role : {smtpd::Role::mx, smtpd::Role::submission, smtpd::Role::lmtp})
      policies.push_back(std::move(*smtpd::Policy::make(*config::load(inputs).settings, role)));
  }
  const test_support::TemporaryFolder own;
  const std::filesystem::path folder = own.path();
  SystemClock clock;
  std::optional<directory::Directory> directory;
  std::optional<spool::Spool> spool;
  test_support::FakeAuthenticator authenticator;
  log::Logger logger{"smtpd", log::Level::error, log::Format::logfmt, -1};
  std::vector<std::shared_ptr<const smtpd::Policy>> policies;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  const std::string input(reinterpret_cast<const char*>(data), size);
  const std::string hello = "EHLO me\r\n", mail = hello + "MAIL FROM:<>\r\n", rcpt = mail + "RCPT TO:<bob@example.test>\r\n";
  for (const auto& phase : {std::string(), hello, mail, rcpt, rcpt + "DATA\r\n", hello + "AUTH PLAIN\r\n", rcpt + "BDAT 100\r\n",
                            rcpt + "BDAT 0\r\n", hello + "XCLIENT ", std::string("LHLO me\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.test>\r\n")}) {
    for (const auto& policy : world.policies) {
      world.authenticator.requests.clear();
      test_support::MemoryStream stream(phase + input);
      smtpd::Client client;
      client.tls = true;
      client.address = net::parse_endpoint("192.0.2.7:4711", 0);
      const smtpd::Services services{*world.spool, *world.directory, world.authenticator, nullptr, world.clock, world.logger};
      smtpd::Session(services, policy, smtpd::Client(client), stream).run();
      if (!stream.output.starts_with("220 ")) std::abort();
    }
  }
  return 0;
}
