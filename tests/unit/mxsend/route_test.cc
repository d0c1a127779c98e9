#include "mxsend/route.h"

#include <gtest/gtest.h>

#include "support/fake_resolver.h"

namespace tubepost::mxsend {
namespace {

// "5.4.6", where it leads back to us; else the address.
std::string way_to(const std::string& address, const std::string& listening) {
  Options options;
  options.hostname = "me.test";
  options.port = 25;
  options.own_endpoints = {{*net::IpAddress::parse(listening), 25}};
  test_support::FakeResolver resolver;
  resolver.add("x.test", dns::Mx{10, "mx.x.test"})
      .add("mx.x.test", dns::Type::a, *net::IpAddress::parse(address));
  const auto way = Routes(options, resolver, nullptr).direct("x.test", {});
  return way ? way->peers.at(0).endpoint.address.to_text() : to_string(way.error().status);
}

TEST(Routes, ToAnAddressAtWhichWeListenLeadBackToUs) {
  EXPECT_EQ(way_to("192.0.2.1", "192.0.2.1"), "5.4.6");
  EXPECT_EQ(way_to("192.0.2.2", "192.0.2.1"), "192.0.2.2");
}

TEST(Routes, ToTheAddressThatMeansNoneLeadBackToUs) {
  EXPECT_EQ(way_to("0.0.0.0", "127.0.0.1"), "5.4.6");
  EXPECT_EQ(way_to("0.0.0.0", "0.0.0.0"), "5.4.6");
}

TEST(Routes, ToAnyLoopbackAddressLeadBackToUsWhereWeListenAtAll) {
  EXPECT_EQ(way_to("127.0.0.3", "0.0.0.0"), "5.4.6");
  EXPECT_EQ(way_to("127.0.0.3", "127.0.0.1"), "127.0.0.3");
}

}  // namespace
}  // namespace tubepost::mxsend
