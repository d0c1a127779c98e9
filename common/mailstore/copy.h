// Messages going from one mailbox to another, within a ledger. For the .cc files of this folder.
#pragma once

#include <array>

#include "mailstore/ledger.h"

namespace tubepost::mailstore {

class Transfer {
public:
  enum class Kind { copy, move };
  Transfer(Ledger& ledger, const BodyFiles& files, Ledger::Mailbox& from, Ledger::Mailbox& to, Kind kind,
           FlagMask carried = {});

  // How much there is to carry; refused where the destination has not UIDs enough.
  Result<Usage> survey(const UidSet& uids);
  Result<Copied> run(const UidSet& uids);

private:
  bool is_same_account() const { return from_.ref.account == to_.ref.account; }
  Result<void> one_block(const BlockView& block, std::uint32_t wanted, UidSet& done);
  Result<void> insert(Message message);
  std::uint32_t translated(std::uint32_t flags);

  Ledger& ledger_;
  const BodyFiles& files_;
  Ledger::Mailbox& from_;
  Ledger::Mailbox& to_;
  Kind kind_;
  FlagMask carried_;
  std::array<std::optional<std::uint32_t>, keywords_max> keywords_;  // the destination's bits, once known
};

}  // namespace tubepost::mailstore
