// Settings that are small languages, read as smtpd and greylist read them when they start: for `mailadm config check` and
// basic-access-test. Pure.
#pragma once

#include <vector>

#include "config/settings.h"

namespace tubepost::policy {

// What smtpd or greylist would not start with, and config::load() does not see.
std::vector<config::Problem> setting_problems(const config::Settings& settings);

}  // namespace tubepost::policy
