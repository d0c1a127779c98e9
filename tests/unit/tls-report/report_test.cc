#include "tls-report/report.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/file.h"
#include "support/temporary_folder.h"

namespace tubepost::tls_report {
namespace {

const Reporter reporter{"mx.example.test", "2026-11-25"};

relay::TlsSession session(const std::string& result = "successful") {
  return {"example.net",
          "sts",
          "mx.example.net",
          "192.0.2.1",
          result,
          result == "successful" ? "" : "self-signed",
          "198.51.100.1",
          {"version: STSv1", "mode: enforce", "mx: mx.example.net", "mx: *.example.net", "max_age: 86400"}};
}

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST(TlsSessions, AreReadAsTheyWereWritten) {
  relay::TlsSession strange = session("certificate-host-mismatch");
  strange.reason = "a\ttab\nand a line";
  const std::string line = relay::to_line(strange);
  const auto read = relay::parse_tls_session(std::string_view(line).substr(0, line.size() - 1));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->domain, "example.net");
  EXPECT_EQ(read->result, "certificate-host-mismatch");
  EXPECT_EQ(read->reason, "a\\x09tab\\x0Aand a line");
  EXPECT_EQ(read->local, "198.51.100.1");
  EXPECT_EQ(read->policy_text, strange.policy_text);
  std::string too_many = "d\tsts\th\ta\tr\tt\tl";
  for (std::size_t i = 0; i < relay::policy_lines_max; ++i) too_many += "\tp";
  EXPECT_TRUE(relay::parse_tls_session(too_many));
  too_many += "\tp";
  for (const char* bad : {"", "\t\t\t\t\t\t", "d\tx\th\ta\tr\tt\tl", "d\tsts\th\ta\tr\tt", too_many.c_str()})
    EXPECT_FALSE(relay::parse_tls_session(bad)) << bad;
}

TEST(TlsSessions, OfADayStandInItsFile) {
  const test_support::TemporaryFolder folder;
  const Timestamp now = *parse_rfc3339("2026-11-25T23:59:59Z");
  ASSERT_TRUE(relay::note(folder / "counts", session(), now));
  ASSERT_TRUE(relay::note(folder / "counts", session(), now));
  ASSERT_TRUE(relay::note(folder / "counts", session(), now + std::chrono::seconds(1)));
  EXPECT_EQ(*read_file(folder / "counts/2026-11-25"), relay::to_line(session()) + relay::to_line(session()));
  EXPECT_EQ(*read_file(folder / "counts/2026-11-26"), relay::to_line(session()));
}

TEST(TlsSessions, DaysAreForgottenAfterAMonthReportedOrNot) {
  const test_support::TemporaryFolder folder;
  const Timestamp now = *parse_rfc3339("2026-11-25T12:00:00Z");
  for (const char* name : {"2026-10-25", "2026-10-24.sent", "2026-10-26", "2026-10-26.sent", "other"})
    ASSERT_TRUE(write_file_atomically(folder / name, "x", 0600));
  ASSERT_TRUE(relay::note(folder.path(), session(), now));
  std::set<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) left.insert(entry.path().filename());
  EXPECT_EQ(left, (std::set<std::string>{"2026-10-26", "2026-10-26.sent", "2026-11-25", "other"}));
}

TEST(TlsReport, AddsUpByDomainPolicyAndKindOfFailure) {
  std::string lines;
  for (int i = 0; i < 3; ++i) lines += relay::to_line(session());
  for (int i = 0; i < 2; ++i) lines += relay::to_line(session("starttls-not-supported"));
  const DaySummary day = add_up(lines + "no line of ours\n");
  ASSERT_EQ(day.size(), 1U);
  const std::string json = to_json("example.net", day.at("example.net"), reporter);
  for (const char* part :
       {"\"organization-name\": \"mx.example.test\"", "\"start-datetime\": \"2026-11-25T00:00:00Z\"",
        "\"policy-type\": \"sts\"", "\"policy-domain\": \"example.net\"",
        "\"total-successful-session-count\": 3", "\"total-failure-session-count\": 2",
        "\"result-type\": \"starttls-not-supported\"", "\"receiving-mx-hostname\": \"mx.example.net\"",
        "\"receiving-ip\": \"192.0.2.1\"", "\"failed-session-count\": 2",
        "\"failure-reason-code\": \"self-signed\"", "\"sending-mta-ip\": \"198.51.100.1\"",
        "\"policy-string\": [\"version: STSv1\", \"mode: enforce\", \"mx: mx.example.net\", \"mx: *.example.net\", "
        "\"max_age: 86400\"]",
        "\"mx-host\": [\"mx.example.net\", \"*.example.net\"]"})
    EXPECT_TRUE(has(json, part)) << part << "\n" << json;
}

TEST(TlsReport, NamesEachPolicyThatWasAppliedAndThatThereWasNone) {
  relay::TlsSession without = session("starttls-not-supported"), changed = session();
  without.policy = relay::no_policy;
  without.policy_text.clear();
  changed.policy_text.pop_back();
  const DaySummary day = add_up(to_line(session()) + to_line(without) + to_line(changed));
  ASSERT_EQ(day.at("example.net").size(), 3U);
  const std::string json = to_json("example.net", day.at("example.net"), reporter);
  EXPECT_TRUE(has(json, "{\"policy-type\": \"no-policy-found\", \"policy-domain\": \"example.net\"}")) << json;
}

// What a domain may do with its policy does not make the report grow without end.
TEST(TlsReport, HoldsSoManyPoliciesOfADomain) {
  std::string lines;
  for (int i = 0; i < 1'000; ++i) {
    relay::TlsSession one = session();
    one.policy_text = {"mx: " + std::to_string(i)};
    lines += to_line(one);
  }
  EXPECT_EQ(add_up(lines).at("example.net").size(), 20U);
}

TEST(TlsReport, IsPackedAsGzipHasIt) {
  const std::string text(5'000, 'x');
  const auto packed = gzip(text);
  ASSERT_TRUE(packed);
  EXPECT_EQ(packed->substr(0, 2), "\x1f\x8b");
  z_stream stream{};
  ASSERT_EQ(::inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(10'000, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed->data()));
  stream.avail_in = static_cast<uInt>(packed->size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(::inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  ::inflateEnd(&stream);
  EXPECT_EQ(out, text);
}

TEST(TlsReport, TravelsAsAMessageOfItsOwnKind) {
  const std::string text = write_message("example.net", "tls@example.net", "packed", reporter, Timestamp());
  for (const char* part : {"\nTLS-Report-Domain: example.net\n", "\nTLS-Report-Submitter: mx.example.test\n",
                           "\nTLS-Required: No\n", "Report Domain: example.net\n\tSubmitter: mx.example.test\n\tReport-ID: <",
                           "report-type=\"tlsrpt\"", "\nContent-Type: application/tlsrpt+gzip\n",
                           "filename=\"mx.example.test!example.net!1795564800!1795651199!", "\ncGFja2Vk\n"})
    EXPECT_TRUE(has(text, part)) << part << "\n" << text;
}

TEST(TlsReport, GoesWhereTheRecordSays) {
  using Uris = std::vector<std::string>;
  EXPECT_EQ(destinations_of({{"v=TLSRPTv1; rua=mailto:a@b.test,https://c.test/x"}}),
            (Uris{"mailto:a@b.test", "https://c.test/x"}));
  EXPECT_EQ(destinations_of({{"v=spf1 -all"}, {"v=TLSRPTv1;rua=mailto:a@b.test"}}), Uris{"mailto:a@b.test"});
  EXPECT_EQ(destinations_of({{"v=TLSRPTv1;rua=mailto:a@b.test"}, {"v=TLSRPTv1;rua=mailto:c@b.test"}}), Uris{})
      << "RFC 8460 3: several are none";
  EXPECT_EQ(destinations_of({{"v=TLSRPTv1; rua=http://b.test/, ftp://b.test, mailto:<x>"}}), Uris{});
  EXPECT_EQ(address_of("mailto:a%2Bb@c.test?subject=x"), "a+b@c.test");
  for (const char* bad :
       {"https://c.test", "mailto:nobody", "mailto:a@b.test,c@d.test", "mailto:a%0A@b.test", "mailto:"})
    EXPECT_FALSE(address_of(bad)) << bad;
}

}  // namespace
}  // namespace tubepost::tls_report
