#include "message/received.h"

#include <gtest/gtest.h>

#include "message/header.h"

namespace tubepost::message {
namespace {

Received whole() {
  Received received;
  received.helo = "client.example";
  received.client_address = "[192.0.2.7]";
  received.by = "mx.example.test";
  received.protocol = "ESMTPSA";
  received.tls = "TLSv1.3 TLS_AES_256_GCM_SHA384";
  received.id = "2akzscnpgzto4sjv23p2wcssm2";
  received.recipient = "bob@example.test";
  received.time = ManualClock().now();
  return received;
}

TEST(Received, SaysFromByWithIdForAndWhen) {
  EXPECT_EQ(received_field(whole()),
            "Received: from client.example ([192.0.2.7])\r\n"
            "\tby mx.example.test (Tubepost) with ESMTPSA id 2akzscnpgzto4sjv23p2wcssm2\r\n"
            "\t(TLSv1.3 TLS_AES_256_GCM_SHA384)\r\n"
            "\tfor <bob@example.test>;\r\n"
            "\tTue, 14 Nov 2023 22:13:20 +0000\r\n");
}

TEST(Received, LeavesOutWhatIsNotKnown) {
  Received received;
  received.by = "mx.example.test";
  received.time = ManualClock().now();
  EXPECT_EQ(
      received_field(received),
      "Received: from unknown\r\n\tby mx.example.test (Tubepost);\r\n\tTue, 14 Nov 2023 22:13:20 +0000\r\n");
}

TEST(Received, NamesTheLocalUser) {
  Received received = whole();
  received.client_address = {};
  received.user = "joe (root)";
  EXPECT_NE(received_field(received).find("from client.example (user joe _root_)\r\n"), std::string::npos);
}

TEST(Received, IsOneFieldWhateverTheClientCallsItself) {
  for (const std::string_view helo :
       {"a\r\nSubject: forged", "a) by other (b", "x\n\ny", "a;b", "(((", "\\", "\xC3\xB6"}) {
    Received received = whole();
    received.helo = received.tls = received.client_name = helo;
    received.recipient = helo;
    const auto field = received_field(received);
    EXPECT_FALSE(corruption(field + "\r\n", false)) << field;
    EXPECT_EQ(count_fields(field, "Received"), 1u);
    EXPECT_EQ(find_field(field, "Received")->whole, field);
  }
}

TEST(Received, KeepsItsLinesBounded) {
  Received received = whole();
  const std::string endless(5000, 'a');
  received.helo = received.client_name = received.tls = received.recipient = endless;
  const auto field = received_field(received);
  for (std::size_t at = 0, end = 0; (end = field.find("\r\n", at)) != std::string::npos; at = end + 2)
    EXPECT_LE(end - at, 998u);  // RFC 5322 2.1.1
}

}  // namespace
}  // namespace tubepost::message
