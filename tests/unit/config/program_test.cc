#include "config/program.h"

#include <gtest/gtest.h>
TEST(Program, Compiles) { SUCCEED(); }
