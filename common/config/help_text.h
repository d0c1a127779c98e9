// The settings table as text for people: --help, manual pages, a commented tubepost.conf.
#pragma once

#include <string>

#include "config/settings.h"

namespace tubepost::config {

// "--smtpd-listen", and "--listen" where the section is the program's own.
std::string option_of(const Setting& setting);
std::string short_option_of(const Setting& setting);
// The sentence, with default and "repeatable".
std::string help_of(const Setting& setting);
// An item of an mdoc list: ".It Cm smtpd.listen Ns = Ns Ar ADDR:PORT" and what it means.
std::string mdoc_of(const Setting& setting);
// The whole table, a subsection and a list for each section: the body of tubepost.conf(5).
std::string settings_as_mdoc();

}  // namespace tubepost::config
