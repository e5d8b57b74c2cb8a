#include "lab/command_line.h"

int main(int argc, char** argv) {
  return shadowd::lab::RunCommandLine(argc, argv);
}
