// One job on its round (inside Courier): what is known of each recipient so far, and who is still to be
// served. A recipient is done when a server answers for it or refuses it for good.
#pragma once

#include "mxsend/courier.h"

namespace tubepost::mxsend {

class Round {
public:
  Round(Courier& courier, const relay::Job& job, std::string_view body);
  relay::Answer run();

private:
  enum class Next { done, next_host, again };  // again: a kept connection was stale, a new one may do
  void by_direct();
  void by_way(const std::string& key, Result<Way> way);
  bool by_kept(const std::string& key);
  void by_peers(const std::string& key, const std::vector<Peer>& peers);
  void fall_back();
  bool may_fall_back(std::size_t place) const;

  std::vector<std::size_t> whose_turn(Connection& connection);
  Next transact(Connection& connection, bool fresh);
  Next transact(Connection& connection, bool fresh, const std::vector<std::size_t>& which);
  Next talk(Connection& connection, bool fresh, smtp::Sent& sent, const smtp::Letter& letter);
  void take_replies(Connection& connection, const std::vector<std::size_t>& which, const smtp::Sent& sent);
  void take_reply(std::size_t place, const smtp::Reply& reply, const std::string& host, bool rcpt);
  void take_no_answer(std::size_t place);
  void refuse_unfit(Connection& connection);
  void refuse(std::size_t place, const Failure& failure, const Connection& connection);
  void take_setback(const Setback& setback);
  void settle_rest();
  void postpone_rest();
  void keep_or_drop(const std::string& key, std::unique_ptr<Connection> connection, Next next);
  std::vector<std::size_t> open_places() const;
  relay::Verdict& verdict(std::size_t place) { return answer_.verdicts[place]; }
  bool is_done(std::size_t place) const {
    return answer_.verdicts[place].status == relay::Status::delivered ||
           answer_.verdicts[place].status == relay::Status::failed;
  }
  mailauth::TlsWishes wishes() const;

  Courier& courier_;
  const relay::Job& job_;
  Content content_;
  relay::Answer answer_;
  std::vector<bool> said_;         // of each recipient: a server has said something
  std::vector<Setback> setbacks_;  // of this way
  std::vector<std::size_t> waiting_;  // for another session with the same peer: RFC 9422 4.3
  bool reached_ = false;           // something was said of the message or a recipient
  bool lost_ = false;              // broken off after a final dot: to try on now would be to send twice
};

}  // namespace tubepost::mxsend
