// The dialogues of tests/transcripts/imapd. A file that begins with "clear-" is spoken without TLS by a
// stranger, one with "login-" by a stranger under TLS, all others by bob, who is logged in. He has three
// messages: a plain one, a multipart with a base64 part, and one with a long line and no line end. In "quota=…"
// he has a quota. In those of namespaces and
// rights Ann has given him some, and there is a shared account. Each capability that is announced has a file of its name.
#include <filesystem>
#include <set>

#include "base/text.h"
#include "support/transcript.h"
#include "unit/imapd/fixture.h"

namespace tubepost::imapd::test {
namespace {

constexpr const char* plain =
    "From: Ann <ann@example.test>\r\nTo: bob@example.test\r\nSubject: first\r\nMessage-ID: "
    "<1@example.test>\r\n"
    "Date: Mon, 7 Feb 1994 21:52:25 -0800\r\n\r\nHello Bob\r\n";
constexpr const char* multipart =
    "From: Zoe <zoe@example.test>\r\nTo: bob@example.test\r\nSubject: Re: first\r\nMessage-ID: "
    "<2@example.test>\r\n"
    "In-Reply-To: <1@example.test>\r\nDate: Tue, 8 Feb 1994 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    "--b\r\nContent-Type: text/plain\r\n\r\ntext part\r\n"
    "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
    "base64\r\n\r\nR3LDvMOfZQ==\r\n"
    "--b--\r\n";
constexpr const char* last = "From: carl@example.test\r\nSubject: no end\r\n\r\nno line end";

class Transcripts : public testing::TestWithParam<std::string> {};

TEST_P(Transcripts, GoAsWritten) {
  Service service;
  service.deliver("one", plain);
  service.deliver("two", multipart);
  service.deliver("three", last);
  const auto name = test_support::name_of_transcript(GetParam());
  const auto client = name.starts_with("clear_")   ? Service::stranger(false)
                      : name.starts_with("login_") ? Service::stranger()
                                                   : Service::bobs();
  if (name == "clear_starttls") service.offer_tls();
  const std::set<std::string> with_others{"namespace",     "acl",      "rights_texk",
                                          "list_myrights", "metadata", "notify"};
  if (with_others.contains(name)) service.share_mailboxes();
  if (name.starts_with("quota_res")) {
    EXPECT_TRUE(
        service.directory->set_account("bob@example.test", {{"quota", "1000"}, {"quota-messages", "5"}}));
  }
  test_support::TranscriptOptions options;
  options.variables["VALIDITY"] = std::to_string(service.store.status(service.bob).uid_validity);
  EXPECT_EQ("", test_support::run_transcript(
                    GetParam(), [&](net::Stream& stream) { service.serve(stream, client); }, options));
}

INSTANTIATE_TEST_SUITE_P(Imapd, Transcripts, testing::ValuesIn(test_support::transcripts_in("imapd")),
                         test_support::transcript_name<testing::TestParamInfo<std::string>>);

// The file a capability has: "STATUS=SIZE" is status=size.chat; "clear-" and "login-" in front say who speaks.
std::set<std::string> subjects_of_transcripts() {
  std::set<std::string> subjects;
  for (const auto& file : test_support::transcripts_in("imapd")) {
    auto name = std::filesystem::path(file).stem().string();
    if (name.starts_with("clear-") || name.starts_with("login-")) name = name.substr(6);
    subjects.insert(std::move(name));
  }
  return subjects;
}

std::string subject_of(std::string_view capability) {
  const auto value = capability.find('=');
  const bool is_number = value != capability.npos && is_digit(capability[value + 1]);  // APPENDLIMIT=52428800
  return to_lower(is_number ? capability.substr(0, value) : capability);
}

TEST(Capabilities, EachHasItsTranscript) {
  Service service;
  service.offer_tls();
  const auto subjects = subjects_of_transcripts();
  std::size_t announced = 0;
  for (const auto& client : {Service::bobs(), Service::stranger(false), Service::stranger()}) {
    const auto said = service.talk("a CAPABILITY\r\n", client);
    const std::string list(trim(said.substr(0, said.find("\r\n"))));
    ASSERT_TRUE(list.starts_with("* CAPABILITY ")) << list;
    for (const auto word : split(std::string_view(list).substr(13), ' ')) {
      EXPECT_TRUE(subjects.contains(subject_of(word))) << "no transcript of " << word;
      ++announced;
    }
  }
  EXPECT_GT(announced, 45u);
}

}  // namespace
}  // namespace tubepost::imapd::test
