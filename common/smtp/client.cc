#include "smtp/client.h"

#include "base/base64.h"
#include "base/text.h"
#include "smtp/path.h"
#include "smtp/reply_parser.h"

namespace tubepost::smtp {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t reply_stream_max = 256 << 10;  // bytes on the wire for one reply: more is a flood
constexpr int challenges_max = 8;

bool is_one_line(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

Failure unfit(const char* what) {
  return Failure::permanent(std::string(what) + " has a line end in it", {5, 5, 2});
}

}  // namespace

Client::Client(net::Stream& stream, ClientOptions options)
    : options_(std::move(options)), meter_(std::make_unique<net::MeteredStream>(stream)), lines_(*meter_) {
  lines_.set_accept_lf(true);  // some servers; nothing is smuggled to who only reads replies
  meter_->set_time_limit(options_.timeouts.block);
}

Client::~Client() = default;

Result<Reply> Client::read_reply(milliseconds limit) {
  meter_->allow(limit, reply_stream_max);
  ReplyParser parser;
  for (;;) {
    const auto line = lines_.read_line(received_line_max);
    if (line.kind == net::LineStream::Line::Kind::end) throw net::Disconnected();
    if (line.kind == net::LineStream::Line::Kind::too_long)
      return Failure::temporary("a reply line of more than " + std::to_string(received_line_max) + " bytes",
                                {4, 5, 0});
    const auto done = parser.take(line.text);
    if (!done) return done.error();
    if (*done) return std::move(parser).reply();
  }
}

Result<Reply> Client::ask(const std::string& line, milliseconds limit) {
  if (!is_one_line(line)) return unfit("a command");
  lines_ << line << "\r\n";
  lines_.flush();
  return read_reply(limit);
}

Result<Reply> Client::command(const std::string& line) { return ask(line, options_.timeouts.command); }

Result<Reply> Client::greeting() { return read_reply(options_.timeouts.greeting); }

Result<Reply> Client::hello() {
  extensions_ = {};
  auto reply = command((options_.lmtp ? "LHLO " : "EHLO ") + options_.hostname);
  if (!reply) return reply;
  if (reply->code == 250) {
    extensions_ = parse_extensions(*reply);
    return reply;
  }
  // RFC 5321 3.2: a server that does not know EHLO says 500 or 502, or some other 5xx.
  if (options_.lmtp || reply->code < 500) return reply;
  return command("HELO " + options_.hostname);
}

Result<Reply> Client::start_tls() { return command("STARTTLS"); }

Result<void> Client::replace_stream(net::Stream& stream) {
  // RFC 3207 6: what came with the reply, in clear text, is somebody else's.
  if (lines_.has_buffered_input())
    return Failure::temporary("data in clear text behind the reply to STARTTLS", {4, 7, 0});
  meter_ = std::make_unique<net::MeteredStream>(stream);
  meter_->set_time_limit(options_.timeouts.block);
  lines_.replace_stream(*meter_);
  extensions_ = {};
  return {};
}

Result<Reply> Client::authenticate(const std::string& mechanism, const std::optional<std::string>& initial,
                                   const Respond& respond) {
  std::string line = "AUTH " + mechanism;
  if (initial) line += initial->empty() ? " =" : ' ' + base64_encode(*initial);
  auto reply = command(line);
  for (int i = 0; i < challenges_max && reply && reply->code == 334; ++i) {
    const auto challenge = base64_decode(trim(reply->first_line()));
    auto response = challenge ? respond(*challenge)
                              : Failure::permanent("AUTH: a challenge that is not base64", {5, 5, 2});
    if (!response) {
      auto cancelled = command("*");  // RFC 4954 4
      if (!cancelled) return cancelled;
      return std::move(response).error();
    }
    reply = command(base64_encode(*response));
  }
  return reply;
}

std::string Client::mail_line(const Letter& letter) const {
  std::string line = "MAIL FROM:<" + letter.sender + '>';
  if (extensions_.size) line += " SIZE=" + std::to_string(letter.content.size());
  if (letter.binary)
    line += " BODY=BINARYMIME";
  else if (letter.eight_bit && extensions_.eight_bit_mime)
    line += " BODY=8BITMIME";
  if (letter.smtputf8) line += " SMTPUTF8";
  if (letter.require_tls) line += " REQUIRETLS";
  if (extensions_.deliver_by && !letter.by.empty()) line += " BY=" + letter.by;
  if (extensions_.dsn && !letter.ret.empty()) line += " RET=" + letter.ret;
  if (extensions_.dsn && letter.envid) line += " ENVID=" + encode_xtext(*letter.envid);
  return line;
}

std::string Client::rcpt_line(const LetterRecipient& recipient) const {
  std::string line = "RCPT TO:<" + recipient.address + '>';
  if (extensions_.dsn && !recipient.notify.empty()) line += " NOTIFY=" + recipient.notify;
  if (extensions_.dsn && !recipient.orcpt.empty()) line += " ORCPT=" + recipient.orcpt;
  return line;
}

Result<void> Client::send(const Letter& letter, const GoingOn& going_on, Sent& sent) {
  if (!is_one_line(letter.sender)) return unfit("the sender");
  for (const auto& recipient : letter.recipients)
    if (!is_one_line(rcpt_line(recipient))) return unfit("a recipient");
  const bool by_chunks = letter.binary || (letter.by_chunks && extensions_.chunking);
  auto opened = extensions_.pipelining ? open(letter, going_on, sent, by_chunks)
                                       : open_in_steps(letter, going_on, sent, by_chunks);
  if (!opened) return opened;
  std::size_t accepted = 0;
  for (const Reply& reply : sent.recipients) accepted += reply.is_done();
  const bool taken = sent.mail && sent.mail->is_done() && accepted > 0;
  if (by_chunks) {
    if (!taken) return {};
    write_chunk(letter.content, going_on);
  } else if (sent.data && sent.data->code == 354) {
    // RFC 2920 3.1: DATA was taken though no recipient was: an empty message, so as to send none.
    if (!taken) {
      auto ignored = ask(".", options_.timeouts.final_dot);
      if (!ignored) return std::move(ignored).error();
      return {};
    }
    write_by_dots(letter.content, going_on);
  } else {
    return {};
  }
  return read_outcome(sent, accepted);
}

Result<void> Client::open(const Letter& letter, const GoingOn& going_on, Sent& sent, bool by_chunks) {
  lines_ << mail_line(letter) << "\r\n";
  for (const auto& recipient : letter.recipients) lines_ << rcpt_line(recipient) << "\r\n";
  if (!by_chunks) lines_ << "DATA\r\n";
  lines_.flush();
  if (auto read = read_envelope_replies(letter, going_on, sent); !read) return read;
  if (by_chunks) return {};
  auto data = read_reply(options_.timeouts.data);
  if (!data) return std::move(data).error();
  sent.data = std::move(*data);
  return {};
}

Result<void> Client::read_envelope_replies(const Letter& letter, const GoingOn& going_on, Sent& sent) {
  auto mail = read_reply(options_.timeouts.command);
  if (!mail) return std::move(mail).error();
  sent.mail = std::move(*mail);
  for (std::size_t i = 0; i < letter.recipients.size(); ++i) {
    auto reply = read_reply(options_.timeouts.command);
    if (!reply) return std::move(reply).error();
    sent.recipients.push_back(std::move(*reply));
    going_on(false);
  }
  return {};
}

Result<void> Client::open_in_steps(const Letter& letter, const GoingOn& going_on, Sent& sent,
                                   bool by_chunks) {
  auto mail = command(mail_line(letter));
  if (!mail) return std::move(mail).error();
  sent.mail = std::move(*mail);
  if (!sent.mail->is_done()) return {};
  bool any = false;
  for (const auto& recipient : letter.recipients) {
    auto reply = command(rcpt_line(recipient));
    if (!reply) return std::move(reply).error();
    any = any || reply->is_done();
    sent.recipients.push_back(std::move(*reply));
    going_on(false);
  }
  if (!any || by_chunks) return {};
  auto data = ask("DATA", options_.timeouts.data);
  if (!data) return std::move(data).error();
  sent.data = std::move(*data);
  return {};
}

// RFC 5321 4.5.2: each dot at the beginning of a line is doubled. The spans between are written as they are.
void Client::write_by_dots(std::string_view content, const GoingOn& going_on) {
  constexpr std::size_t block = 256 << 10;
  std::size_t told = 0;
  const auto write = [&](std::string_view span) {
    for (; span.size() > block; span.remove_prefix(block)) lines_ << span.substr(0, block), going_on(false);
    lines_ << span;
    told += span.size();
    if (told > block) told = 0, going_on(false);
  };
  if (content.starts_with('.')) lines_ << ".";
  for (std::size_t at = 0; at < content.size();) {
    const auto dot = content.find("\r\n.", at);
    if (dot == std::string_view::npos) {
      write(content.substr(at));
      break;
    }
    write(content.substr(at, dot + 3 - at));
    lines_ << ".";
    at = dot + 3;
  }
  if (!content.empty() && !content.ends_with("\r\n")) lines_ << "\r\n";
  // What completes the message leaves only now, whatever was buffered before.
  going_on(true);
  lines_ << ".\r\n";
  lines_.flush();
}

// RFC 3030: one chunk, the last. Its size announced, the server knows what is missing if we break off.
void Client::write_chunk(std::string_view content, const GoingOn& going_on) {
  constexpr std::size_t block = 256 << 10;
  lines_ << "BDAT " << std::to_string(content.size()) << " LAST\r\n";
  for (; content.size() > block; content.remove_prefix(block))
    lines_ << content.substr(0, block), going_on(false);
  going_on(true);
  lines_ << content;
  lines_.flush();
}

Result<void> Client::read_outcome(Sent& sent, std::size_t accepted) {
  // RFC 2033 4.2: LMTP answers for each recipient it took.
  const std::size_t expected = options_.lmtp ? accepted : 1;
  while (sent.content.size() < expected) {
    auto reply = read_reply(options_.timeouts.final_dot);
    if (!reply) return std::move(reply).error();
    sent.content.push_back(std::move(*reply));
  }
  return {};
}

void Client::quit() noexcept {
  try {
    meter_->set_time_limit(options_.timeouts.quit);
    (void)ask("QUIT", options_.timeouts.quit);
  } catch (const net::StreamEnd&) {  // it has hung up already, or cannot be bothered
  }
}

}  // namespace tubepost::smtp
