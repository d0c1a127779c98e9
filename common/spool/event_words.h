// The fields of a journal line (Event::fields) as its writers make them. Pure.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace tubepost::spool {

// "key=value" words as logfmt has them; texts are made printable. A word without key or value is left out.
struct Word {
  std::string_view key, value;
};
std::string words(std::initializer_list<Word> list);
// The value of `key` in what words() wrote; empty: it is not there.
std::string word_of(std::string_view fields, std::string_view key);

}  // namespace tubepost::spool
