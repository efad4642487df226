// Plays the stories given.
#include "golden/story.h"

int main(int argc, char **argv) {
  int failed = 0;
  for (int i = 1; i < argc; i++)
    failed |= story_run(argv[i]);
  return argc > 1 ? failed : 2;
}
