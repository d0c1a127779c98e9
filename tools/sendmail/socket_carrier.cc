// SMTP to smtpd's role "local", on its Unix socket: the server knows us by our peer credentials.
#include "base/text.h"
#include "net/fd_stream.h"
#include "net/line_stream.h"
#include "sendmail/carrier.h"
#include "smtp/dot_stream.h"
#include "smtp/path.h"

namespace tubepost::sendmail {
namespace {

constexpr std::size_t reply_line_max = 4096, reply_lines_max = 100;
constexpr std::chrono::milliseconds connect_limit{10'000};
// RFC 5321 4.5.3.2: five minutes a command, ten for the reply to the final dot.
constexpr std::chrono::milliseconds command_limit{300'000}, final_limit{600'000};

struct Reply {
  int code = 0;
  std::string text;
};

class SocketCarrier final : public Carrier {
public:
  SocketCarrier(std::string path, std::string hostname)
      : path_(std::move(path)), hostname_(std::move(hostname)) {}

  Result<std::string> primary_domain() override {
    if (auto met = guarded([&] { return meet(); }); !met) return std::move(met).error();
    return primary_domain_;
  }

  Result<void> begin(const Letter& letter) override {
    return guarded([&] { return converse(letter); });
  }

  void write(std::string_view content) override {
    if (lost_) return;
    try {
      dots_.write(content, [this](std::string_view span) { *lines_ << span; });
    } catch (const net::StreamEnd&) {
      lost_ = true;  // the server may have said why: finish() reads it
    }
  }

  Result<std::string> finish(bool) override {
    std::string said;
    auto done = guarded([&]() -> Result<void> {
      if (!lost_) dots_.finish([this](std::string_view span) { *lines_ << span; });
      stream_->set_time_limit(final_limit);
      return expect(2, "the message", &said);
    });
    if (!done) return std::move(done).error();
    return said;
  }

private:
  template <class Body>
  Result<void> guarded(Body body) {
    try {
      return body();
    } catch (const net::StreamEnd&) {
      return Failure::temporary("the local submission service went away");
    }
  }

  // Connects and says who we are, once.
  Result<void> meet() {
    if (stream_) return {};
    auto stream = net::connect_unix(path_, connect_limit);
    if (!stream) return Failure::temporary(stream.error().text);
    stream_ = std::move(*stream);
    stream_->set_time_limit(command_limit);
    lines_.emplace(*stream_);
    if (auto greeted = expect(2, "the greeting"); !greeted) return greeted;
    *lines_ << "EHLO " << hostname_ << "\r\n";
    std::string keywords;
    if (auto known = expect(2, "EHLO", &keywords); !known) return known;
    constexpr std::string_view keyword = "XPRIMARYDOMAIN";  // of role local alone
    const auto words = split_words(keywords);
    for (std::size_t i = 0; i + 1 < words.size(); ++i)
      if (words[i] == keyword) primary_domain_ = smtp::decode_xtext(words[i + 1]).value_or("");
    return {};
  }

  Result<void> converse(const Letter& letter) {
    if (auto met = meet(); !met) return met;
    if (auto taken = command(mail_command(letter), 2); !taken) return taken;
    const std::string notify = letter.dsn_notify.empty() ? "" : " NOTIFY=" + letter.dsn_notify;
    for (const auto& recipient : letter.recipients)
      if (auto taken = command("RCPT TO:<" + recipient + '>' + notify, 2); !taken) return taken;
    return command("DATA", 3);
  }

  static std::string mail_command(const Letter& letter) {
    // Whether there will be 8-bit octets is not known before the body has been read.
    std::string line = "MAIL FROM:<" + letter.sender + "> BODY=8BITMIME";
    if (letter.smtputf8) line += " SMTPUTF8";
    if (!letter.dsn_return.empty()) line += " RET=" + letter.dsn_return;
    if (letter.dsn_envid) line += " ENVID=" + smtp::encode_xtext(*letter.dsn_envid);
    return line;
  }

  Result<void> command(const std::string& line, int wanted) {
    *lines_ << line << "\r\n";
    return expect(wanted, line.substr(0, line.find(' ')));
  }

  Result<void> expect(int wanted, const std::string& what, std::string* said = nullptr) {
    const auto reply = read_reply();
    if (!reply) return reply.error();
    if (said) *said = reply->text;
    if (reply->code / 100 == wanted) return {};
    const std::string text = what + ": " + std::to_string(reply->code) + ' ' + reply->text;
    return reply->code / 100 == 5 ? Failure::permanent(text, {5, 7, 1}) : Failure::temporary(text);
  }

  Result<Reply> read_reply() {
    Reply reply;
    for (std::size_t count = 0; count < reply_lines_max; ++count) {
      const auto line = lines_->read_line(reply_line_max);
      const auto code = parse_number<int>(line.text.substr(0, 3));
      if (line.kind != net::LineStream::Line::Kind::ok || !code || *code < 200 || *code > 599) break;
      reply.code = *code;
      reply.text +=
          (count ? " " : "") + printable(line.text.substr(std::min<std::size_t>(line.text.size(), 4)));
      if (line.text.size() < 4 || line.text[3] != '-') return reply;
    }
    return Failure::temporary("the local submission service does not speak SMTP");
  }

  std::string path_, hostname_, primary_domain_;
  std::unique_ptr<net::Stream> stream_;
  std::optional<net::LineStream> lines_;
  smtp::DotWriter dots_;
  bool lost_ = false;
};

}  // namespace

std::unique_ptr<Carrier> make_socket_carrier(std::string path, std::string hostname) {
  return std::make_unique<SocketCarrier>(std::move(path), std::move(hostname));
}

}  // namespace tubepost::sendmail
