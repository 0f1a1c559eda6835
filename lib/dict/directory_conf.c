#include "dict/directory_conf.h"

const struct conf_param directory_params[] = {
	CONF(STR, directory_conf, socket, "directory_socket", "ldapi", 1, 107),
	CONF(STR, directory_conf, suffix, "directory_suffix", "o=chancery", 1,
	    1000),
	CONF(TIME, directory_conf, timeout, "directory_timeout", "5s", 1, 60),
	{ 0 },
};
