#include "tls/inspection.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <thread>

#include "base/file.h"
#include "support/memory_stream.h"
#include "support/temporary_folder.h"

namespace tubepost::tls {
namespace {

using test_support::make_pipe_streams;

// A server with a self-signed certificate for mx.example.test.
struct Peer {
  const test_support::TemporaryFolder folder;
  const std::string certificate = folder / "crt", key = folder / "key";
  std::shared_ptr<ServerContext> context;

  explicit Peer(bool with_alternative_name = true) {
    if (with_alternative_name)
      make_own();
    else
      make_with_common_name();
    context =
        ServerContext::load({{certificate, key}}, log::Logger("test", log::Level::error, log::Format::logfmt))
            .value();
  }
  void make_own() {
    const auto made = make_self_signed("mx.example.test", 10).value();
    EXPECT_TRUE(write_file_atomically(certificate, made.certificate, 0600));
    EXPECT_TRUE(write_file_atomically(key, made.key, 0600));
  }
  // Without subjectAltName, as they were made long ago.
  void make_with_common_name() {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "
        "/CN=mx.example.test -keyout " +
        key + " -out " + certificate + " 2>/dev/null";
    EXPECT_EQ(std::system(command.c_str()), 0);
  }
  Result<Inspection> inspect_with(const InspectionWishes& wishes) const {
    auto [here, there] = make_pipe_streams();
    std::thread server([&, far = there.get()] {
      try {
        auto stream = context->accept(*far);
        if (stream) (*stream)->write("x");
      } catch (const net::StreamEnd&) {
      }
      far->close();
    });
    Result<Inspection> seen = Failure::temporary("nothing");
    try {
      auto inspected = inspect(*here, wishes);
      if (inspected) {
        seen = inspected->seen;
      } else {
        seen = inspected.error();
      }
    } catch (const net::StreamEnd&) {
    }
    here->close();
    server.join();
    return seen;
  }
};

InspectionWishes wishes_for(const std::string& name) {
  InspectionWishes wishes;
  wishes.name = name;
  return wishes;
}

TEST(TlsInspection, SaysWhatTheCertificateIsWhoeverVouchesForIt) {
  const Peer peer;
  const auto seen = peer.inspect_with(wishes_for("mx.example.test"));
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->protocol, "TLSv1.3");
  ASSERT_EQ(seen->chain.size(), 1u);
  EXPECT_TRUE(seen->chain[0].self_signed);
  EXPECT_EQ(seen->chain[0].names, (std::vector<std::string>{"mx.example.test"}));
  EXPECT_EQ(seen->chain[0].key, "EC");
  EXPECT_EQ(seen->chain[0].key_bits, 256u);
  EXPECT_LT(seen->chain[0].not_before, seen->chain[0].not_after);
  EXPECT_FALSE(seen->chain[0].spki.empty());
  EXPECT_TRUE(seen->name_matches);
  EXPECT_NE(seen->distrust, "");
}

TEST(TlsInspection, AnAuthorityOfOursIsTrusted) {
  const Peer peer;
  auto wishes = wishes_for("mx.example.test");
  wishes.ca_file = peer.certificate;
  const auto seen = peer.inspect_with(wishes);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->distrust, "");
}

TEST(TlsInspection, AnotherNameDoesNotMatch) {
  const auto seen = Peer().inspect_with(wishes_for("mail.example.test"));
  ASSERT_TRUE(seen);
  EXPECT_FALSE(seen->name_matches);
}

TEST(TlsInspection, ACommonNameIsToldAndMatchesNothing) {
  const auto seen = Peer(false).inspect_with(wishes_for("mx.example.test"));
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->chain[0].names, (std::vector<std::string>{"mx.example.test"}));
  EXPECT_FALSE(seen->name_matches);
}

TEST(TlsInspection, OldVersionsAreRefusedByOurServerAndNotByUs) {
  const Peer peer;
  auto wishes = wishes_for("mx.example.test");
  wishes.version = Version::tls1_1;
  EXPECT_FALSE(peer.inspect_with(wishes));
  wishes.version = Version::tls1_2;
  const auto seen = peer.inspect_with(wishes);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->protocol, "TLSv1.2");
}

}  // namespace
}  // namespace tubepost::tls
