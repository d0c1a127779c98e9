#include "basic-access-test/mailbox_reader.h"

#include <thread>

#include "base/text.h"
#include "basic-access-test/listener_checks.h"

namespace tubepost::basic_access_test {
namespace {

constexpr std::chrono::milliseconds poll_interval{200};

constexpr std::uint32_t newest_max = 50;  // messages that POP3 is asked for, from the end

Failure with_record(const Failure& failure, const std::string& record) {
  Failure told = failure;
  if (!record.empty()) told.text += '\n' + record;
  return told;
}

Failure said_no(const std::string& text) { return Failure::temporary("it says: " + printable(text, 300)); }

// The last number of "SEARCH 3 9".
std::optional<std::string> last_hit(const imap::Answer& answer) {
  for (const imap::Response& response : answer.untagged) {
    const auto words = split_words(response.text);
    if (words.size() > 1 && equal_ignoring_case(words.front(), "SEARCH")) return std::string(words.back());
  }
  return std::nullopt;
}

std::uint32_t count_of(const std::string& stat) {
  const auto words = split_words(stat);
  return words.empty() ? 0 : parse_number<std::uint32_t>(words.front()).value_or(0);
}

}  // namespace

const Service* first_of(const Target& target, std::initializer_list<std::string_view> names) {
  for (const auto name : names)
    if (const Service* const service = target.find(name)) return service;
  return nullptr;
}

Result<std::unique_ptr<MailSession>> open_logged_in(const Context& context, const Service& service) {
  SessionWishes wishes = wishes_for(context);
  wishes.judge_chain = false;  // the group local says what is to be said of it
  auto session = std::make_unique<MailSession>(*service.kind, service.endpoints.front(), wishes);
  const auto begin = [&]() -> Result<void> {
    if (auto offer = session->open(WithTls::always); !offer) return std::move(offer).error();
    return session->login(*context.options.account);
  };
  if (const auto done = begin(); !done)
    return with_record(done.error(), session->record()).while_doing(std::string(service.kind->name));
  return session;
}

Result<MailSession*> MailboxReader::imap() {
  if (imap_) return imap_.get();
  const Service* const service = first_of(context_.target, {"imaps", "imapd"});
  if (!service) return Failure::permanent("there is no IMAP");
  auto opened = open_logged_in(context_, *service);
  if (!opened) return std::move(opened).error();
  const auto selected = guarded<imap::Answer>([&] { return (*opened)->imap().command("SELECT INBOX"); });
  if (!selected || !selected->ok())
    return Failure::temporary("INBOX cannot be opened\n" + (*opened)->record());
  imap_ = std::move(*opened);
  return imap_.get();
}

Result<std::optional<FoundMessage>> MailboxReader::search(const std::string& criterion) {
  const auto opened = imap();
  if (!opened) return opened.error();
  MailSession* const session = *opened;
  auto found = guarded<std::optional<FoundMessage>>([&]() -> Result<std::optional<FoundMessage>> {
    imap::Client& client = session->imap();
    const auto news = client.command("NOOP");  // new messages are told of here (RFC 9051 6.1.2)
    if (!news) return Failure(news.error());
    const auto hits = client.command("UID SEARCH " + criterion);
    if (!hits) return Failure(hits.error());
    if (!hits->ok()) return said_no(hits->text);
    const auto uid = last_hit(*hits);
    if (!uid) return std::optional<FoundMessage>();
    const auto fetched = client.command("UID FETCH " + *uid + " BODY.PEEK[]");
    if (!fetched) return Failure(fetched.error());
    for (const imap::Response& response : fetched->untagged)
      if (!response.literals.empty())
        return std::optional(FoundMessage{response.literals.front(), "IMAP, uid " + *uid});
    return said_no(fetched->text);
  });
  if (!found) {
    auto failure = with_record(found.error(), session->record());
    imap_.reset();
    return failure;
  }
  return found;
}

Result<std::optional<FoundMessage>> MailboxReader::by_imap(const std::string& token) {
  return search("SUBJECT \"" + token + '"');
}

Result<std::optional<FoundMessage>> MailboxReader::by_pop3(const std::string& token, bool remove) {
  const Service* const service = first_of(context_.target, {"pop3s", "popd"});
  if (!service) return Failure::permanent("there is no POP3");
  auto session = open_logged_in(context_, *service);
  if (!session) return std::move(session).error();
  auto found = guarded<std::optional<FoundMessage>>([&]() -> Result<std::optional<FoundMessage>> {
    pop3::Client& client = (*session)->pop3();
    const auto stat = client.command("STAT");
    if (!stat) return Failure(stat.error());
    if (!stat->ok) return said_no(stat->text);
    const std::uint32_t count = count_of(stat->text);
    for (std::uint32_t n = count; n > 0 && n + newest_max > count; --n) {
      const std::string number = std::to_string(n);
      auto message = client.content("RETR " + number);
      if (!message) return Failure(message.error());
      const auto header = std::string_view(message->text).substr(0, message->text.find("\r\n\r\n"));
      if (!message->ok || header.find(token) == std::string_view::npos) continue;
      if (remove)
        if (const auto removed = client.command("DELE " + number); !removed) return Failure(removed.error());
      return std::optional(FoundMessage{std::move(message->text), "POP3, message " + number});
    }
    return std::optional<FoundMessage>();
  });
  if (!found) return with_record(found.error(), (*session)->record());
  (*session)->bye();
  return found;
}

Result<std::optional<FoundMessage>> MailboxReader::by_any(const std::string& token) {
  return first_of(context_.target, {"imaps", "imapd"}) ? by_imap(token) : by_pop3(token);
}

std::string MailboxReader::bounce_of(const std::string& token) {
  const auto found = search("TEXT \"" + token + '"');
  return found && *found ? (*found)->content : std::string();
}

std::string MailboxReader::last_said() const {
  constexpr std::size_t most = 600;
  const std::string record = imap_ ? imap_->record() : std::string();
  return record.size() <= most ? record : record.substr(record.find('\n', record.size() - most) + 1);
}

void MailboxReader::remove(const std::string& token) {
  if (first_of(context_.target, {"pop3s", "popd"})) {
    (void)by_pop3(token, true);
    return;
  }
  const auto session = imap();
  if (!session) return;
  imap::Client& client = (*session)->imap();
  // Without UIDPLUS (RFC 4315) EXPUNGE would take along what others have marked.
  if (!client.has_capability("UIDPLUS") && !client.has_capability("IMAP4REV2")) return;
  (void)guarded<void>([&]() -> Result<void> {
    const auto hits = client.command("UID SEARCH SUBJECT \"" + token + '"');
    const auto uid = hits ? last_hit(*hits) : std::nullopt;
    if (!uid) return {};
    (void)client.command("UID STORE " + *uid + " +FLAGS.SILENT (\\Deleted)");
    (void)client.command("UID EXPUNGE " + *uid);
    return {};
  });
}

Result<std::optional<FoundMessage>> wait_for(MailboxReader& mailbox, const std::string& token,
                                             std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  for (;;) {
    auto found = mailbox.by_any(token);
    if (!found || *found) return found;
    if (std::chrono::steady_clock::now() >= end) return std::optional<FoundMessage>();
    std::this_thread::sleep_for(poll_interval);
  }
}

}  // namespace tubepost::basic_access_test
