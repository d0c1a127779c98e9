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

}  // namespace tubepost::spool
