/*
 * directory_conf - where the directory is: the parameters of every daemon
 * that asks it.
 */
#ifndef DICT_DIRECTORY_CONF_H
#define DICT_DIRECTORY_CONF_H

#include "conf/conf.h"

struct directory_conf {
	const char *socket; /* in the daemon's folder */
	const char *suffix; /* DN where the tree begins */
	int timeout;        /* seconds */
};

extern const struct conf_param directory_params[];

#endif
