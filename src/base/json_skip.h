/* Passing over JSON that is known to be good, to where an array or object ends. */
#ifndef BASE_JSON_SKIP_H
#define BASE_JSON_SKIP_H

#include <stdint.h>

/* `at` is at an opening bracket. Returns what follows the closing one, or NULL when there is none before `end`. */
const uint8_t *json_skip_container(const uint8_t *at, const uint8_t *end);

#endif
