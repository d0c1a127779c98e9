// mxsend with a server that says what tests/transcripts/mxsend/*.chat have. J: is the job as relay/job.h has it, without id and
// route: by the loopback port, or "lmtp" for LMTP there; and "message=…", with escapes as in C. R: are the fields of the answer.
// Or J: are "verify ADDRESS", each a question to mxsend --verify, the server being the domain's primary, and "hurry", to which it has
// but a quarter of a second for one; R: are the actions, "again: …" where nobody was asked.
#include <gtest/gtest.h>

#include "mxsend/courier.h"
#include "mxsend/recipient_check.h"
#include "support/fake_resolver.h"
#include "support/transcript.h"

namespace tubepost::mxsend {
namespace {

using namespace test_support;

struct Told {
  process::Record job;
  std::string message = "Subject: x\r\n\r\nbody\r\n";
};

Told read_job(std::uint16_t port, const std::vector<std::string>& lines, const Clock& clock) {
  Told told;
  std::string scheme = "host";
  told.job.set("id", spool::SpoolId::make(clock).to_text());
  for (const auto& line : lines) {
    const auto equals = line.find('=');
    if (line == "lmtp")
      scheme = "lmtp";
    else if (line.starts_with("message="))
      told.message = unescape(line.substr(equals + 1));
    else
      told.job.set(line.substr(0, equals), unescape(line.substr(equals + 1)));
  }
  told.job.set("route", scheme + ":127.0.0.1:" + std::to_string(port)).set("domain", "example.net");
  return told;
}

std::vector<std::string> verify(std::uint16_t port, const std::vector<std::string>& lines) {
  ManualClock clock;
  const log::Logger logger{"mxsend", log::Level::error, log::Format::logfmt, -1};
  Options options;
  options.hostname = "me.test";
  options.port = port;
  FakeResolver resolver;
  resolver.add("example.net", dns::Mx{10, "mx.example.net"}).add("mx.example.net", "127.0.0.1");
  const Routes routes(options, resolver, nullptr);
  TlsContexts contexts("");
  Admission admission(clock);
  RecipientCheck::Parts parts{options, contexts, routes, nullptr, admission, clock, logger};
  if (lines.back() == "hurry") parts.time = std::chrono::milliseconds(250);
  RecipientCheck check(parts);
  std::vector<std::string> actions;
  for (const auto& line : lines) {
    if (!line.starts_with("verify ")) continue;
    policy::Record request;
    request.add("request", "smtpd_access_policy");
    request.add("recipient", line.substr(7));
    const auto asked = resolver.queries.size();
    const auto action = check.answer(request);
    actions.push_back((resolver.queries.size() == asked ? "again: " : "") + action);
  }
  return actions;
}

std::vector<std::string> send(std::uint16_t port, const std::vector<std::string>& lines) {
  ManualClock clock;
  const log::Logger logger{"mxsend", log::Level::error, log::Format::logfmt, -1};
  Options options;
  options.hostname = "me.test";
  FakeResolver resolver;
  const Routes routes(options, resolver, nullptr);
  TlsContexts contexts("");
  Watch watch;
  Admission admission(clock);
  const Told told = read_job(port, lines, clock);
  const auto job = relay::parse_job(told.job);
  if (!job) return {"no job: " + job.error().text};
  Courier courier({options, routes, contexts, watch, clock, logger, admission});
  std::vector<std::string> fields;
  const auto record = to_record(courier.carry(*job, told.message));
  for (const auto& [name, value] : record.fields())
    if (name != "id" && name != "seconds") fields.push_back(name + '=' + value);
  return fields;
}

class Transcripts : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Mxsend, Transcripts, testing::ValuesIn(transcripts_in("mxsend")),
                         transcript_name<testing::TestParamInfo<std::string>>);
TEST_P(Transcripts, GoAsWritten) {
  EXPECT_EQ("",
            run_client_transcript(GetParam(), [](std::uint16_t port, const std::vector<std::string>& job) {
              return job.at(0).starts_with("verify ") ? verify(port, job) : send(port, job);
            }));
}

}  // namespace
}  // namespace tubepost::mxsend
