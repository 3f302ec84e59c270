/* Socket.IO's client as a file that pages load from the server, "/socket.io/socket.io.js". */
#ifndef DETECT_CLIENT_SCRIPT_H
#define DETECT_CLIENT_SCRIPT_H

#include "base/bytes.h"

#include <stdbool.h>

/* Is that what is asked for? By the file's name, as socket.io builds it (packages/socket.io/lib/index.ts, serve), in
 * any folder. */
bool client_script_is(struct slice target);

#endif
