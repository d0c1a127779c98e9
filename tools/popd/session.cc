#include "popd/session.h"

#include "base/text.h"

namespace tubepost::popd {
namespace {

constexpr unsigned bad_commands_max = 20;  // in a row; a client that speaks another protocol is sent away
constexpr std::chrono::seconds goodbye_limit{5};

}  // namespace

Session::Session(const Services& services, Rules rules, Client&& client, net::Stream& stream)
    : services_(services),
      rules_(std::move(rules)),
      client_(std::move(client)),
      stream_(&stream),
      lines_(stream) {}

void Session::run() {
  try {
    stream_->set_time_limit(rules_.idle_timeout);
    if (greet()) converse();
    lines_.flush();
    stream_->close();
    log_end("quit");
  } catch (const net::TimedOut&) {
    // RFC 1939 3: after an autologout nothing is removed and nothing more is said.
    log_end("timeout");
  } catch (const net::ShuttingDown&) {
    say_goodbye("Shutting down, come back in a moment");
    log_end("shutdown");
  } catch (const net::StreamEnd&) {
    log_end("disconnected");
  }
}

bool Session::greet() {
  if (!client_.preauthenticated) {
    std::string text = rules_.hostname + " POP3 server ready";
    if (services_.authenticator.offers_internal("APOP")) text += ' ' + new_timestamp();
    lines_ << pop3::ok(std::move(text)).to_wire();
    return true;
  }
  const auto reply = enter(*client_.preauthenticated, "preauth");
  lines_ << reply.to_wire();
  return reply.ok;
}

void Session::converse() {
  for (;;) {
    const auto line = lines_.read_line(pop3::command_line_max - 2);
    if (line.kind == net::LineStream::Line::Kind::end) throw net::Disconnected{};
    auto answer = line.kind == net::LineStream::Line::Kind::too_long
                      ? Answer(pop3::error(pop3::Code::none, "Line too long"))
                      : execute(line.text);
    const bool failed = answer.reply && !answer.reply->ok;
    bad_commands_ = failed ? bad_commands_ + 1 : 0;
    if (answer.reply) lines_ << answer.reply->to_wire();
    if (answer.then == Then::close || bad_commands_ >= bad_commands_max) return;
    if (answer.then == Then::start_tls && !start_tls()) return;
  }
}

Answer Session::execute(std::string_view text) {
  const auto line = pop3::parse_command(text);
  const Command* command = line ? find_command(line->keyword) : nullptr;
  if (command == nullptr) return pop3::error(pop3::Code::none, "Unknown command");
  if (command->state == State::authorization && is_logged_in())
    return pop3::error(pop3::Code::none, "You are logged in already");
  if (command->state == State::transaction && !is_logged_in())
    return pop3::error(pop3::Code::none, "Log in first");
  const auto words = line->words().size();
  if (words < command->least_words || words > command->most_words)
    return pop3::error(pop3::Code::none, "Wrong number of arguments for " + std::string(command->keyword));
  return (this->*command->handler)(*line);
}

bool Session::start_tls() {
  tls_stream_ = frontend::start_tls(services_.tls.get(), *stream_, lines_, client_, rules_.idle_timeout,
                                    services_.logger);
  if (!tls_stream_) return false;
  stream_ = tls_stream_.get();
  user_name_.clear();
  return true;
}

void Session::say_goodbye(std::string_view why) {
  try {
    stream_->set_time_limit(goodbye_limit);
    lines_ << pop3::error(pop3::Code::temporary, std::string(why)).to_wire();
    lines_.flush();
    stream_->close();
  } catch (const net::StreamEnd&) {
    // Who does not listen need not be told.
  }
}

void Session::log_end(std::string_view how) {
  if (!is_logged_in()) return;
  services_.logger.info("session-ended", {{"client", client_.address_text()},
                                          {"user", account_name_},
                                          {"how", how},
                                          {"retrieved", retrieved_},
                                          {"removed", removed_}});
}

}  // namespace tubepost::popd
