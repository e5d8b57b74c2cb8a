#include "command_line.h"

int main(int argc, char** argv) {
  return shadowd::ctl::RunCommandLine(argc, argv);
}
