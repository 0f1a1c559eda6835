/*
 * common - parameters that belong to no daemon, and their defaults.
 */
#ifndef CONF_COMMON_H
#define CONF_COMMON_H

#include <stddef.h>

#include "conf/main_cf.h"

/*
 * Give cf the defaults that other values are written in terms of: myhostname
 * (the system's name if it has a dot), mydomain, myorigin... After cf was
 * read, as mydomain follows myhostname.
 */
void conf_common_defaults(struct main_cf *cf);

/* All of them, with the defaults as written. */
size_t conf_common_len(void);
const char *conf_common_name(size_t i);
const char *conf_common_value(size_t i);

#endif
