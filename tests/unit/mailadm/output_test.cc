#include <gtest/gtest.h>

#include <sstream>

#include "mailadm/output.h"

namespace tubepost::mailadm {
namespace {

Listing two_rows() {
  Listing listing({"name", "many", "size", "on"});
  listing.add({std::string("a"), std::vector<std::string>{"x", "y"}, std::uint64_t{7}, true});
  listing.add({std::string("longer"), std::vector<std::string>{}, std::uint64_t{0}, false});
  return listing;
}
std::string printed(Style style) {
  std::ostringstream out;
  two_rows().print(out, style);
  return out.str();
}

TEST(Output, TabsHaveNoHeading) { EXPECT_EQ(printed(Style::tabs), "a\tx y\t7\tyes\nlonger\t\t0\tno\n"); }

TEST(Output, ATerminalGetsColumnsUnderAHeading) {
  EXPECT_EQ(printed(Style::aligned),
            "NAME    MANY  SIZE  ON\n"
            "a       x y   7     yes\n"
            "longer        0     no\n");
}

TEST(Output, JsonIsAnObjectALine) {
  EXPECT_EQ(printed(Style::json),
            "{\"name\":\"a\",\"many\":[\"x\",\"y\"],\"size\":7,\"on\":true}\n"
            "{\"name\":\"longer\",\"many\":[],\"size\":0,\"on\":false}\n");
}

TEST(Output, KeepsControlCharactersFromTheTerminal) {
  std::ostringstream out;
  print_fields(out, Style::tabs, {{"name", std::string("a\x1b[2Jb\nc")}});
  EXPECT_EQ(out.str().find('\x1b'), std::string::npos);
  EXPECT_EQ(out.str().find('\n'), out.str().size() - 1);
}

}  // namespace
}  // namespace tubepost::mailadm
