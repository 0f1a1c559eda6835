/*
 * service - which protocol a listening socket speaks.
 *
 * master names each listening descriptor by its service in master.cf; what
 * stands behind that name is told by front_services, "name=protocol" or
 * "name=protocol+tls" where TLS comes first (RFC 8314), separated by blanks
 * or commas. The usual names need no entry.
 */
#ifndef FRONT_SERVICE_H
#define FRONT_SERVICE_H

#include <stdbool.h>

#include "base/err.h"
#include "front/limits.h"
#include "front/login.h"

struct service {
	char name[64];
	enum limits_class class;
	bool tls;                        /* from the first byte on */
	bool is_mx;                      /* other sites' servers come here */
	const struct login_proto *login; /* NULL: logging in comes later */
};

/*
 * Find name in services, else among the usual names. ERR_NOENT when it is in
 * neither, ERR_SYNTAX when services does not parse.
 */
int service_find(struct service *service, struct str name, struct str services,
    struct err *err);

#endif
