/* Stdout: as writer, and how writing to it ended. */
#ifndef CMD_OUTPUT_H
#define CMD_OUTPUT_H

#include "cmd/options.h"
#include "view/text_writer.h"

/* In colours where they are wanted. */
struct text_writer output_paper(const struct options *options);

/* At the end of the program, which would exit with `code`: the code to exit with. A line on stderr and EXIT_UNABLE when
 * stdout refused something; but a reader that went away (| head) had what it wanted. */
int output_end(int code);

#endif
