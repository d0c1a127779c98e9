#include "dns/host_port.h"

#include <gtest/gtest.h>

namespace tubepost::dns {
namespace {

TEST(HostPort, IsReadAsPeopleWriteIt) {
  struct Case {
    const char *text, *expected;
  };
  const Case cases[] = {
      {"relay.test", "relay.test:25"},
      {"Relay.Test:587", "relay.test:587"},
      {"192.0.2.1", "192.0.2.1:25"},
      {"192.0.2.1:26", "192.0.2.1:26"},
      {"[2001:db8::1]:26", "[2001:db8::1]:26"},
      {"relay.test:", ""},
      {"relay.test:0", ""},
      {"relay.test:99999", ""},
      {"", ""},
      {"a b", ""},
  };
  for (const auto& c : cases) {
    const auto host = parse_host_port(c.text, 25);
    EXPECT_EQ(host ? host->to_text() : "", c.expected) << c.text;
  }
}

}  // namespace
}  // namespace tubepost::dns
