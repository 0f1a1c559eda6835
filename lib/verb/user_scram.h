/*
 * user_scram - the second secret of a password, by which SCRAM proves it.
 */
#ifndef VERB_USER_SCRAM_H
#define VERB_USER_SCRAM_H

#include "verb/people.h"

/*
 * Right after userPassword of dn was set: set mailScramSecret for the same
 * password. It names the pwdChangedTime that slapd gave, so it comes second;
 * until it is there, or if it fails, the old one is not good and the new
 * password works by PLAIN alone. A password that SCRAM cannot have gets none.
 */
int user_scram_set(struct people *people, const char *dn, struct str password,
    struct err *err);

#endif
