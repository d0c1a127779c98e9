#include "auth/dovecot_protocol.h"

#include <gtest/gtest.h>

#include "auth/sasl.h"
#include "base/base64.h"

namespace tubepost::auth::dovecot {
namespace {

using namespace std::string_literals;

template <class T>
std::optional<T> from_client(std::string_view line) {
  const auto message = parse_client_line(line);
  const T* value = message ? std::get_if<T>(&*message) : nullptr;
  return value ? std::optional<T>(*value) : std::nullopt;
}
template <class T>
std::optional<T> from_server(std::string_view line) {
  const auto message = parse_server_line(line);
  const T* value = message ? std::get_if<T>(&*message) : nullptr;
  return value ? std::optional<T>(*value) : std::nullopt;
}

TEST(AuthLine, OfPostfixIsUnderstood) {
  const auto request = from_client<AuthRequest>(
      "AUTH\t3\tPLAIN\tservice=smtp\tnologin\tlip=::1\trip=192.0.2.7\tsecured\tresp=AGEAYg==");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->id, 3u);
  EXPECT_EQ(request->mechanism, "PLAIN");
  EXPECT_EQ(request->service, "smtp");
  EXPECT_EQ(request->local_address, "::1");
  EXPECT_EQ(request->remote_address, "192.0.2.7");
  EXPECT_TRUE(request->secured);
  EXPECT_EQ(request->initial_response, "\0a\0b"s);
}

TEST(AuthLine, KnowsAnEmptyInitialResponseFromNone) {
  EXPECT_EQ(from_client<AuthRequest>("AUTH\t1\tPLAIN\tservice=x\tresp=")->initial_response, "");
  EXPECT_FALSE(from_client<AuthRequest>("AUTH\t1\tPLAIN\tservice=x")->initial_response);
}

TEST(AuthLine, TakesNothingBehindTheResponse) {
  const auto request =
      from_client<AuthRequest>("AUTH\t1\tPLAIN\tservice=x\tresp=AA==\tsecured\trip=127.0.0.1");
  EXPECT_FALSE(request->secured);
  EXPECT_EQ(request->remote_address, "");
}

TEST(ClientLines, ThatAreBrokenAreSeen) {
  const std::string cases[] = {"",
                               "\tx",
                               "AUTH",
                               "AUTH\t1",
                               "AUTH\t1\t\tservice=x",
                               "AUTH\t-1\tPLAIN\tservice=x",
                               "AUTH\t4294967296\tPLAIN\tservice=x",
                               "AUTH\t1\tPLAIN",
                               "AUTH\t1\tPLAIN\tservice=x\tresp=!",
                               "CONT\tx\tAA==",
                               "CONT\t1\tA",
                               "CANCEL",
                               "CPID\tx",
                               "VERSION\t1",
                               "VERSION\tx\t1",
                               "VERSION\t1\t2\r",
                               "CPID\t1\0"s,
                               std::string(auth_line_max + 1, 'A'),
                               "AUTH\t1\tPLAIN" + std::string(auth_fields_max, '\t')};
  for (const auto& line : cases) EXPECT_FALSE(parse_client_line(line)) << line.substr(0, 60);
}

TEST(ClientLines, ThatAreUnknownAreIgnored) { EXPECT_TRUE(from_client<Ignored>("NEWTHING\t1")); }

TEST(Responses, AreBounded) {
  const auto line = [](std::size_t size) { return "CONT\t1\t" + base64_encode(std::string(size, 'x')); };
  EXPECT_TRUE(from_client<Continue>(line(sasl_response_max)));
  EXPECT_FALSE(parse_client_line(line(sasl_response_max + 1)));
}

TEST(Lines, SurviveTheWayThere) {
  AuthRequest request;
  request.id = 9, request.mechanism = "LOGIN", request.service = "im\tap",
  request.local_address = "192.0.2.1";
  request.remote_address = "2001:db8::1", request.default_domain = "example.test", request.secured = true;
  request.initial_response = "tim";
  auto line = to_line(request);
  ASSERT_EQ(line.back(), '\n');
  line.pop_back();
  const auto read = from_client<AuthRequest>(line);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->service, "im\tap");
  EXPECT_EQ(read->default_domain, "example.test");
  EXPECT_EQ(read->remote_address, "2001:db8::1");
  EXPECT_EQ(read->initial_response, "tim");
}

TEST(Lines, SurviveTheWayBack) {
  auto line = to_line(Fail{4, "a@b", "line\nbreak", "user_disabled", false});
  line.pop_back();
  const auto fail = from_server<Fail>(line);
  ASSERT_TRUE(fail);
  EXPECT_EQ(fail->reason, "line\nbreak");
  EXPECT_EQ(fail->code, "user_disabled");
  EXPECT_FALSE(fail->temporary);
}

TEST(FailLine, IsTemporaryInOldAndNewWords) {
  EXPECT_TRUE(from_server<Fail>("FAIL\t1\ttemp")->temporary);
  EXPECT_TRUE(from_server<Fail>("FAIL\t1\tuser=x\tcode=temp_fail")->temporary);
  EXPECT_FALSE(from_server<Fail>("FAIL\t1\tuser=x")->temporary);
  EXPECT_EQ(to_line(Fail{1, "", "", "", true}), "FAIL\t1\ttemp\tcode=temp_fail\n");
}

TEST(Greeting, AnnouncesMechanisms) {
  const auto text = server_greeting(12, 3, {{"PLAIN", true, false}, {"SCRAM-SHA-256", false, false},
                                             {"SCRAM-SHA-256-PLUS", false, true, true}});
  EXPECT_TRUE(text.starts_with("VERSION\t1\t3\nMECH\tPLAIN\tplaintext\nMECH\tSCRAM-SHA-256\n"
                               "MECH\tSCRAM-SHA-256-PLUS\tprivate\tchannel-binding\n"))
      << text;
  EXPECT_TRUE(text.ends_with("\nDONE\n"));
  EXPECT_EQ(from_server<Mechanism>("MECH\tAPOP\tprivate")->internal, true);
  EXPECT_FALSE(parse_server_line("MECH\tNO WORD"));
}

TEST(ChannelBinding, IsAskedForByTypeAndAnsweredInBase64) {
  EXPECT_EQ(to_line(Continue{7, "", "tls-exporter"}), "CONT\t7\t\tchannel_binding=tls-exporter\n");
  EXPECT_EQ(from_server<Continue>("CONT\t7\t\tchannel_binding=tls-exporter")->channel_binding, "tls-exporter");
  EXPECT_EQ(to_client_line(Continue{7, "", "a\0b"s}), "CONT\t7\t\tchannel_binding=YQBi\n");
  EXPECT_EQ(from_client<Continue>("CONT\t7\t\tchannel_binding=YQBi")->channel_binding, "a\0b"s);
  EXPECT_EQ(from_client<Continue>("CONT\t7\t\tchannel_binding=")->channel_binding, "");
  EXPECT_FALSE(from_client<Continue>("CONT\t7\t\tchannel_binding=***"));
  EXPECT_FALSE(from_client<Continue>("CONT\t7\tYQ==")->channel_binding);
}

TEST(TabEscape, HidesWhatWouldBreakALine) {
  const auto hostile = "a\tb\nc\rd\0e\001f"s;
  const auto escaped = tab_escape(hostile);
  EXPECT_EQ(escaped.find_first_of("\t\n\r\0"s), std::string::npos);
  EXPECT_EQ(tab_unescape(escaped), hostile);
  EXPECT_FALSE(tab_unescape("x\001"));
  EXPECT_FALSE(tab_unescape("\001x"));
}

}  // namespace
}  // namespace tubepost::auth::dovecot
