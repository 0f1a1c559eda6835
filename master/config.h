/*
 * config - master's view of main.cf and master.cf.
 */
#ifndef MASTER_CONFIG_H
#define MASTER_CONFIG_H

#include "conf/problem.h"
#include "master/master.h"

/*
 * Read etc/main.cf and etc/master.cf below the working directory into m, and
 * have every configured daemon check its own parameters. If errors were
 * found m must not be used to start anything.
 */
void config_read(struct master *m, struct problems *problems);
void config_clear(struct master *m);

/* Print every parameter of every program: "NAME TAB KIND TAB DEFAULT". */
int config_print(const struct master *m);

/*
 * The user and group of a role, from system_users ("log=970:970 ..."). As an
 * ordinary user: ourselves. -1 when root and not listed.
 */
int config_user(const struct master *m, const char *role, uid_t *uid,
    gid_t *gid);

#endif
