// The dialogues of tests/transcripts/smtpd. The file's name begins with the role: mx-, lmtp-, submission- (under TLS), clear-
// (submission before TLS), xclient- (mx, from a host that may speak for others) or layers- (docs/policy-layers.md).
//
// Lines of comment that begin so make the world of the dialogue:
//   # setting smtpd.dnsbl=bl.test       # role submission       # client 192.0.2.8
//   # dns NAME ADDRESS | dns NAME ptr HOST | dns NAME txt TEXT | dns NAME servfail
//   # rule SCOPE allow|deny ENTRY       # account bob@example.test quota=1000
#include "base/file.h"
#include "base/text.h"
#include "support/transcript.h"
#include "unit/smtpd/fixture.h"

namespace tubepost::smtpd::test {
namespace {

using Words = std::vector<std::string>;

// The words behind "# ", the last one taking the rest of the line where `most` is reached.
std::vector<Words> directives(const std::string& file) {
  std::vector<Words> all;
  const auto text = read_file(file);
  for (const auto line : split(text ? std::string_view(*text) : std::string_view(), '\n'))
    if (line.starts_with("# ")) {
      Words words;
      for (const auto word : split_words(line.substr(2))) words.emplace_back(word);
      if (words.size() > 1) all.push_back(std::move(words));
    }
  return all;
}

std::string rest_of(const Words& words, std::size_t from) { return join({words.begin() + static_cast<std::ptrdiff_t>(from), words.end()}, " "); }

void add_to_dns(test_support::FakeResolver& dns, const Words& words) {
  ASSERT_GE(words.size(), 3u);
  const auto& name = words[1];
  if (words[2] == "servfail")
    dns.fail(name, dns::Kind::servfail);
  else if (words[2] == "ptr")
    dns.add_ptr(name, words.at(3));
  else if (words[2] == "txt")
    dns.add(name, dns::Text{rest_of(words, 3)});
  else
    dns.add(name, words[2].c_str());
}

struct World {
  Arguments settings;
  Role role = Role::mx;
  Client client = Service::stranger();
};

World world_of(const std::string& name, const std::vector<Words>& lines) {
  World world;
  if (name.starts_with("submission_") || name.starts_with("clear_")) world.role = Role::submission;
  if (name.starts_with("lmtp_")) world.role = Role::lmtp;
  if (name.starts_with("xclient_"))
    world.settings = {{"smtpd.xclient-hosts", "192.0.2.7"}, {"smtpd.blocked", "203.0.113.0/24"}};
  for (const auto& words : lines) {
    if (words[0] == "setting") {
      const auto text = rest_of(words, 1);
      world.settings.emplace(text.substr(0, text.find('=')), text.substr(text.find('=') + 1));
    }
    if (words[0] == "role") world.role = parse_role(words[1]).value_or(Role::mx);
    if (words[0] == "client") world.client.address = net::parse_endpoint(words[1], 4711);
  }
  if (world.role == Role::submission && !name.starts_with("clear_")) world.client.tls = true;
  return world;
}

class Transcripts : public testing::TestWithParam<std::string> {};

TEST_P(Transcripts, GoAsWritten) {
  const auto name = test_support::name_of_transcript(GetParam());
  const auto lines = directives(GetParam());
  const auto world = world_of(name, lines);
  Service service(world.role, world.settings);
  for (const auto& words : lines) {
    if (words[0] == "dns") add_to_dns(service.dns, words);
    if (words[0] == "rule") {
      const auto action = words.at(2) == "allow" ? directory::RuleAction::allow : directory::RuleAction::deny;
      ASSERT_TRUE(service.directory->add_rules(words.at(1), action, {words.at(3)}));
    }
    if (words[0] == "account") {
      const auto equals = words.at(2).find('=');
      ASSERT_TRUE(service.directory->set_account(words.at(1), {{words[2].substr(0, equals), words[2].substr(equals + 1)}}));
    }
  }
  EXPECT_EQ("", test_support::run_transcript(GetParam(), [&](net::Stream& stream) { service.serve(stream, world.client); }));
}

INSTANTIATE_TEST_SUITE_P(Smtpd, Transcripts, testing::ValuesIn(test_support::transcripts_in("smtpd")),
                         test_support::transcript_name<testing::TestParamInfo<std::string>>);

}  // namespace
}  // namespace tubepost::smtpd::test
