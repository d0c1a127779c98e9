// The keys of SEARCH, SORT and THREAD as a tree (RFC 9051 6.4.4, RFC 5032 WITHIN, RFC 7162 MODSEQ, RFC 8474,
// RFC 8514). Texts stand as the client wrote them; whoever evaluates converts them from `charset` to UTF-8
// once. Pure; depth and number of keys are bounded.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "imap/scanner.h"
#include "imap/sequence_set.h"

namespace tubepost::imap {

inline constexpr unsigned search_depth_max = 32;
inline constexpr std::size_t search_keys_max = 1000;

struct SearchKey {
  enum class Kind {
    all,
    none,     // RECENT and NEW: no message is recent to a server without \Recent (RFC 9051 2.3.2)
    flag,     // `number`: the bit is set
    keyword,  // `text`
    sequence,
    uid,     // `set`
    header,  // `field` has `text` in it; text empty: the field exists
    body,
    text,
    internal_before,
    internal_on,
    internal_since,  // `day`
    sent_before,
    sent_on,
    sent_since,
    saved_before,
    saved_on,
    saved_since,
    larger,
    smaller,  // `number`: octets
    older,
    younger,  // `number`: seconds
    modseq,   // `number`: at least
    email_id,
    thread_id,  // `text`
    negation,   // `children`: one
    any,
    every,  // `children`: OR has two; a list has any number
  };
  Kind kind = Kind::all;
  std::string field, text;
  std::uint64_t number = 0;
  SequenceSet set;
  std::chrono::sys_days day{};
  std::vector<SearchKey> children;
};

struct SearchProgram {
  std::string charset;  // in upper case; empty: none given
  SearchKey key;        // `every` of the keys
};

// *(SP search-key) behind what is before them, to the end of the command; "CHARSET x" in front where allowed.
SearchProgram expect_search_program(Scanner& scanner, bool charset_allowed);

// True if a key of this kind stands anywhere in the tree.
bool uses(const SearchKey& key, SearchKey::Kind kind);

}  // namespace tubepost::imap
